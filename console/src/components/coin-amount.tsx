import { useLanguage } from '../i18n/language.tsx';
import classes from './coin-amount.module.css';

/**
 * An amount of coins, exact to its six digits: it comes as a string and stays one. The digits after the point
 * that are only zeros are pale, so that amounts below each other can be compared.
 */
export function CoinAmount({
  value,
  isSigned = false,
}: {
  value: string | null | undefined;
  isSigned?: boolean;
}) {
  const { language } = useLanguage();
  if (value === null || value === undefined) return <span>—</span>;
  const { sign, whole, fraction } = readAmount(value);
  const shown = BigInt(whole).toLocaleString(language === 'zh' ? 'zh-CN' : 'en');
  const zeros = /0*$/.exec(fraction)?.[0].length ?? 0;
  const kept = fraction.slice(0, fraction.length - zeros);
  // A change of nothing is passed over by the eye.
  if (isSigned && /^0*$/.test(whole + fraction)) return <span className={classes.zeros}>0</span>;
  const prefix = sign === '-' ? '−' : isSigned ? '+' : '';
  return (
    <span className={classes.amount}>
      {`${prefix}${shown}${kept === '' ? '' : `.${kept}`}`}
      <span className={classes.zeros}>{`${kept === '' ? '.' : ''}${'0'.repeat(zeros)}`}</span>
    </span>
  );
}

function readAmount(value: string): { sign: string; whole: string; fraction: string } {
  const [, sign = '', whole = '0', fraction = ''] = /^([-+]?)(\d+)(?:\.(\d+))?$/.exec(value) ?? [];
  return { sign, whole, fraction: fraction.padEnd(6, '0') };
}
