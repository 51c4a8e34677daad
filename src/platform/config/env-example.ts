import type { ConfigDefinition } from './define-config.js';

/** The text of `.env.example`: every variable with its meaning and its default, in the order of the modules. */
export function renderEnvExample(definitions: readonly ConfigDefinition[]): string {
  const sections = definitions
    .filter((definition) => Object.keys(definition.shape).length > 0)
    .map((definition) => {
      const variables = Object.values(definition.shape).map(
        (variable) => `# ${variable.description}\n#${variable.env}=${variable.example}`,
      );
      return `## ${definition.name}\n\n${variables.join('\n\n')}\n`;
    });
  return `# Copy this file to .env and uncomment what you change. The environment wins over .env.\n\n${sections.join('\n')}`;
}
