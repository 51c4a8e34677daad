import { Page } from '../../components/page.tsx';
import { PageTabs } from '../../components/page-tabs.tsx';
import { useTexts } from '../../i18n/language.tsx';
import { ActivityList } from './activity-list.tsx';
import { CouponList } from './coupon-list.tsx';
import { engagementTexts } from './engagement.texts.ts';
import { UserPoints } from './user-points.tsx';

/** What is given away: coupons, activities, points. */
export default function EngagementPage() {
  const texts = useTexts(engagementTexts);
  const tabs = [
    { path: 'coupons', label: texts.tabs.coupons, content: <CouponList /> },
    { path: 'activities', label: texts.tabs.activities, content: <ActivityList /> },
    { path: 'points', label: texts.tabs.points, content: <UserPoints /> },
  ];
  return (
    <Page title={texts.title} lead={texts.lead}>
      <PageTabs base="/engagement" tabs={tabs} />
    </Page>
  );
}
