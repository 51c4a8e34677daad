import type { TestApp } from './test-app.js';

/** All routes of Fastify's own table, as `GET /path/{name}`, save those that it adds by itself for HEAD and OPTIONS. */
export function routeTable(test: TestApp): string[] {
  const lines = test.app.getHttpAdapter().getInstance().printRoutes({ commonPrefix: false }).split('\n');
  const branch: string[] = [];
  return lines.flatMap((line) => {
    const match = /^(.*?)(?:├──|└──) (.*?)(?: \(([A-Z, ]+)\))?$/u.exec(line);
    if (!match) return [];
    const depth = (match[1] ?? '').length / 4;
    branch.splice(depth, branch.length, match[2] ?? '');
    const path = branch.join('').replaceAll(/:([A-Za-z_]+)/g, '{$1}');
    return (match[3] ?? '')
      .split(', ')
      .filter((method) => !['', 'HEAD', 'OPTIONS'].includes(method))
      .map((method) => `${method} ${path}`);
  });
}
