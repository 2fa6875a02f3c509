import { Button } from "@mantine/core";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { useCoversAll, usePermitted } from "../../api/context.tsx";
import { useDrawer } from "../../ui/form/use-drawer.ts";
import { Icon } from "../../ui/icon.tsx";
import { Page } from "../../ui/page.tsx";
import { PageTabs } from "../../ui/page-tabs.tsx";
import { CalendarList } from "./calendar-list.tsx";
import { Conflicts } from "./conflicts.tsx";
import { DayView } from "./day-view.tsx";
import { History } from "./history.tsx";
import { MonthView } from "./month-view.tsx";
import { ScheduleForm } from "./schedule-form.tsx";
import { ScheduleList } from "./schedule-list.tsx";

export const route = createLazyRoute("/signed-in/framed/schedules")({ component: SchedulesPage });
const { useSearch, useNavigate } = getRouteApi("/signed-in/framed/schedules");

/** What is not about all devices together, and so is for roles that are limited to some, too. */
const ofEach: ReadonlySet<string> = new Set(["list", "history"]);

/** What starts by itself: as a list, by month, by day; what came of it; and what holds it back. */
function SchedulesPage() {
	const mayWrite = usePermitted()("schedules:write");
	const coversAll = useCoversAll();
	const navigate = useNavigate();
	const search = useSearch();
	const form = useDrawer();
	const show = (change: Partial<typeof search>) =>
		void navigate({ search: (before) => ({ ...before, page: undefined, ...change }), replace: true });
	const add = mayWrite && (
		<Button leftSection={<Icon name="plus" size={14} />} onClick={form.open}>
			Add schedule
		</Button>
	);
	const tabs = [
		{
			value: "list" as const,
			label: "List",
			content: () => <ScheduleList search={search} onShow={show} add={add} />,
		},
		{
			value: "month" as const,
			label: "Calendar",
			content: () => <MonthView month={search.month} onMonth={(month) => show({ month })} />,
		},
		{
			value: "day" as const,
			label: "Timeline",
			content: () => <DayView day={search.day} onDay={(day) => show({ day })} />,
		},
		{
			value: "history" as const,
			label: "History",
			content: () => <History status={search.status} onStatus={(status) => show({ status })} />,
		},
		{
			value: "calendars" as const,
			label: "Freezes and windows",
			content: () => <CalendarList search={search} onShow={show} />,
		},
		{ value: "conflicts" as const, label: "Conflicts", content: () => <Conflicts /> },
	];
	return (
		<Page title="Schedules" actions={add}>
			<PageTabs
				label="Schedules"
				tab={search.tab}
				onTab={(tab) => void navigate({ search: { tab: tab === "list" ? undefined : tab } })}
				tabs={coversAll ? tabs : tabs.filter(({ value }) => ofEach.has(value))}
			/>
			{mayWrite && (
				<ScheduleForm
					key={form.key}
					opened={form.opened}
					onClose={form.close}
					onSaved={({ id }) => void navigate({ to: "/schedules/$id", params: { id } })}
				/>
			)}
		</Page>
	);
}
