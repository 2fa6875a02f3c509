import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { usePermitted } from "../../api/context.tsx";
import { ButtonLink } from "../../ui/link.tsx";
import { Page } from "../../ui/page.tsx";
import { PageTabs } from "../../ui/page-tabs.tsx";
import { Matrix } from "./matrix.tsx";
import { SnapshotList } from "./snapshot-list.tsx";
import { TakeSnapshot } from "./take-snapshot.tsx";

export const route = createLazyRoute("/signed-in/framed/snapshots")({ component: SnapshotsPage });
const { useSearch, useNavigate } = getRouteApi("/signed-in/framed/snapshots");

function SnapshotsPage() {
	const permitted = usePermitted();
	const navigate = useNavigate();
	const search = useSearch();
	const show = (change: Partial<typeof search>) =>
		void navigate({ search: (before) => ({ ...before, page: undefined, ...change }), replace: true });
	return (
		<Page
			title="Snapshots"
			actions={
				<>
					<ButtonLink to="/snapshots/compare" variant="default">
						Compare two
					</ButtonLink>
					{permitted("backups:run") && <TakeSnapshot />}
				</>
			}
		>
			<PageTabs
				label="Snapshots"
				tab={search.tab}
				onTab={(tab) => void navigate({ search: { tab: tab === "list" ? undefined : tab } })}
				tabs={[
					{ value: "list", label: "List", content: () => <SnapshotList search={search} onShow={show} /> },
					{ value: "matrix", label: "Devices and snapshots", content: () => <Matrix search={search} onShow={show} /> },
				]}
			/>
		</Page>
	);
}
