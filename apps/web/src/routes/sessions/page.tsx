import { Button } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import type { Session } from "@netconductor/contracts/auth/model";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { useApi } from "../../api/context.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Empty } from "../../ui/empty.tsx";
import { Icon } from "../../ui/icon.tsx";
import { Page } from "../../ui/page.tsx";
import { DataTable } from "../../ui/table/data-table.tsx";
import { usePagedList } from "../../ui/table/list-source.ts";
import { toastDone, toastProblem } from "../../ui/toast.tsx";
import { count } from "../../ui/words.ts";
import { programWord, sessionColumns } from "./columns.tsx";
import { EndSession } from "./end-session.tsx";

export const route = createLazyRoute("/signed-in/framed/sessions")({ component: SessionsPage });
const { useSearch, useNavigate } = getRouteApi("/signed-in/framed/sessions");

/** Where one is signed in oneself. */
function SessionsPage() {
	const api = useApi();
	const queries = useQueryClient();
	const navigate = useNavigate();
	const { page, page_size, sort } = useSearch();
	const [ending, setEnding] = useState<Session>();
	const [endingOthers, { open, close }] = useDisclosure();
	const columns = useMemo(() => sessionColumns(setEnding), []);
	const list = usePagedList("sessions", { page, page_size, sort }, (query, signal) =>
		api.auth.listMySessions({ query }, { signal }),
	);
	const endOthers = useMutation({
		mutationFn: () => api.auth.revokeOtherSessions({}),
		onSuccess: ({ revoked }) => {
			toastDone(`${count(revoked, "session")} ended`);
			void queries.invalidateQueries({ queryKey: ["sessions"] });
			close();
		},
		onError: toastProblem,
	});
	const show = (change: { page?: number; page_size?: number; sort?: typeof sort }) =>
		void navigate({ search: (before) => ({ ...before, page: undefined, ...change }), replace: true });
	return (
		<Page
			title="Sessions"
			actions={
				(list.paging?.total ?? 0) > 1 && (
					<Button variant="default" leftSection={<Icon name="stop" size={14} />} onClick={open}>
						End all others
					</Button>
				)
			}
		>
			<DataTable
				name="Sessions"
				noun="session"
				columns={columns}
				rowId={({ id }) => id}
				rowName={programWord}
				source={list}
				sort={sort ?? "-refreshed_at"}
				onSort={(to) => show({ sort: to as typeof sort })}
				onPage={show}
				empty={<Empty title="No open sessions" />}
			/>
			<EndSession
				session={ending}
				end={({ id }) => api.auth.revokeMySession({ params: { id } })}
				onClose={() => setEnding(undefined)}
			/>
			<Confirm
				opened={endingOthers}
				title="End all other sessions"
				action="End the others"
				busy={endOthers.isPending}
				onConfirm={() => endOthers.mutate()}
				onClose={close}
			>
				Every other browser and program that you signed in with is signed out at once. This one stays. API tokens are
				not sessions: they go on.
			</Confirm>
		</Page>
	);
}
