import { useTexts } from '../../i18n/language.tsx';
import { type EntityType, entityTypes } from './graph-api.ts';
import { EntityShape } from './graph-picture.tsx';
import classes from './graph.module.css';
import { graphTexts } from './graph.texts.ts';

/** What an entity is: its shape in the picture, and the word. */
export function EntityTypeText({ type }: { type: EntityType }) {
  const texts = useTexts(graphTexts);
  return (
    <span className={classes.type}>
      <svg width={16} height={16} viewBox="-8 -8 16 16" aria-hidden="true" focusable="false">
        <EntityShape type={type} radius={5} />
      </svg>
      {texts.types[type]}
    </span>
  );
}

/** Which shape stands for what. */
export function Legend() {
  const texts = useTexts(graphTexts);
  return (
    <ul className={classes.legend} aria-label={texts.legend}>
      {entityTypes.map((type) => (
        <li key={type}>
          <EntityTypeText type={type} />
        </li>
      ))}
    </ul>
  );
}
