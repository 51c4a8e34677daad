import { expect, it } from 'vitest';
import { attachmentNamed } from './content-disposition.js';

it('names a file for all clients, and lets nothing out of its quotes', () => {
  expect(attachmentNamed('report.pdf')).toBe(
    `attachment; filename="report.pdf"; filename*=UTF-8''report.pdf`,
  );
  expect(attachmentNamed('報告"; x=\\".pdf')).toBe(
    `attachment; filename="___; x=__.pdf"; filename*=UTF-8''%E5%A0%B1%E5%91%8A%22%3B%20x%3D%5C%22.pdf`,
  );
  expect(attachmentNamed("a'(b).txt")).toBe(
    `attachment; filename="a'(b).txt"; filename*=UTF-8''a%27%28b%29.txt`,
  );
});
