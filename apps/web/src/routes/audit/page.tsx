import { Button, Drawer } from "@mantine/core";
import { useDisclosure, useMediaQuery } from "@mantine/hooks";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { useApi } from "../../api/context.tsx";
import { Empty } from "../../ui/empty.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Page } from "../../ui/page.tsx";
import { DataTable } from "../../ui/table/data-table.tsx";
import { useCursorList } from "../../ui/table/list-source.ts";
import { moment } from "../../ui/words.ts";
import styles from "./audit.module.css";
import { AuditFilters, filterNames } from "./audit-filters.tsx";
import { columns, columnsBeside } from "./columns.tsx";
import { RecordPanel } from "./record-panel.tsx";
import { VerifyChain } from "./verify-chain.tsx";

export const route = createLazyRoute("/signed-in/framed/audit")({ component: AuditPage });
const { useSearch, useNavigate } = getRouteApi("/signed-in/framed/audit");

function AuditPage() {
	const api = useApi();
	const navigate = useNavigate();
	const { record, ...wish } = useSearch();
	const wide = useMediaQuery("(min-width: 75em)", true, { getInitialValueInEffect: false });
	const [verifying, { open, close }] = useDisclosure();
	const list = useCursorList("audit", wish, (query, signal) => api.audit.listAudit({ query }, { signal }));
	const filter = (change: Partial<typeof wish>) =>
		void navigate({ search: (before) => ({ ...before, ...change }), replace: true });
	const filtered = wish.q !== undefined || filterNames.some((name) => wish[name] !== undefined);
	const panel = record !== undefined && (
		<RecordPanel key={record} id={record} known={list.rows?.find(({ id }) => id === record)} />
	);
	return (
		<Page
			title="Audit"
			actions={
				<Button variant="default" leftSection={<Icon name="shield" size={14} />} onClick={open}>
					Verify the trail
				</Button>
			}
		>
			<div className={styles.beside} data-open={record !== undefined || undefined}>
				<DataTable
					name="audit"
					noun="record"
					columns={wide && record !== undefined ? columnsBeside : columns}
					rowId={({ id }) => id}
					rowName={({ summary, occurred_at }) => `${summary}, ${moment(occurred_at)}`}
					source={list}
					views="audit"
					csv={(signal) => api.audit.exportAudit({ query: wish }, { signal })}
					filters={<AuditFilters search={wish} onFilter={filter} />}
					tone={({ outcome }) => (outcome === "unknown" ? "bad" : undefined)}
					current={record}
					empty={
						<Empty
							title={filtered ? "No record matches" : "Nothing was changed yet"}
							actions={
								filtered && (
									<Button variant="default" onClick={() => void navigate({ search: {}, replace: true })}>
										Show all
									</Button>
								)
							}
						>
							{!filtered && "Whatever somebody changes is recorded here: who, what, when, and what it was before."}
						</Empty>
					}
				/>
				{wide && panel}
			</div>
			{!wide && (
				<Drawer
					opened={record !== undefined}
					onClose={() => void navigate({ search: (before) => ({ ...before, record: undefined }), replace: true })}
					title="Record"
					position="right"
					size="100%"
					padding="xs"
				>
					{panel}
				</Drawer>
			)}
			<VerifyChain opened={verifying} onClose={close} />
		</Page>
	);
}
