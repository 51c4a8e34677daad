import { NavLink } from 'react-router';
import { Icon } from '../components/icon.tsx';
import { useLanguage } from '../i18n/language.tsx';
import { pageGroups } from '../pages/index.ts';
import { useUser } from '../session/session.tsx';
import classes from './app-layout.module.css';

/** The pages that the user's scopes allow. */
export function Navigation() {
  const { language } = useLanguage();
  const { can } = useUser();
  const groups = pageGroups
    .map((group) => ({ ...group, pages: group.pages.filter((page) => can(page.scope)) }))
    .filter((group) => group.pages.length > 0);
  return groups.map((group) => (
    <div key={group.key}>
      <div className={classes.group} id={`group-${group.key}`}>
        {group.title[language]}
      </div>
      <ul className={classes.list} aria-labelledby={`group-${group.key}`}>
        {group.pages.map((page) => (
          <li key={page.path}>
            <NavLink className={classes.link} to={`/${page.path}`}>
              <Icon name={page.icon} size={17} />
              {page.title[language]}
            </NavLink>
          </li>
        ))}
      </ul>
    </div>
  ));
}
