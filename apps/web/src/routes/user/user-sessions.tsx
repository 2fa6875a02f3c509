import type { Session } from "@netconductor/contracts/auth/model";
import { getRouteApi } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { useApi, usePermitted } from "../../api/context.tsx";
import { Empty } from "../../ui/empty.tsx";
import { DataTable } from "../../ui/table/data-table.tsx";
import { usePagedList } from "../../ui/table/list-source.ts";
import { programWord, sessionColumns } from "../sessions/columns.tsx";
import { EndSession } from "../sessions/end-session.tsx";

const { useSearch, useNavigate } = getRouteApi("/signed-in/framed/users/$id");

/** Where a user is signed in. */
export function UserSessions({ id }: { id: string }) {
	const api = useApi();
	const permitted = usePermitted();
	const navigate = useNavigate();
	const { sessions_page: page } = useSearch();
	const [ending, setEnding] = useState<Session>();
	const mayEnd = permitted("users:write");
	const columns = useMemo(() => sessionColumns(mayEnd ? setEnding : undefined), [mayEnd]);
	const list = usePagedList("sessions", { page, user: id }, ({ user, ...query }, signal) =>
		api.auth.listUserSessions({ params: { id: user }, query }, { signal }),
	);
	return (
		<>
			<DataTable
				name="Sessions"
				noun="session"
				columns={columns}
				rowId={(session) => session.id}
				rowName={programWord}
				source={list}
				onPage={(to) => void navigate({ search: (before) => ({ ...before, sessions_page: to.page }), replace: true })}
				filters={<span className="nc-dim">Sessions</span>}
				empty={<Empty title="Not signed in anywhere" />}
			/>
			<EndSession
				session={ending}
				end={(session) => api.auth.revokeUserSession({ params: { id, session_id: session.id } })}
				onClose={() => setEnding(undefined)}
			/>
		</>
	);
}
