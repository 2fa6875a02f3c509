import { Button } from "@mantine/core";
import type { Session } from "@netconductor/contracts/auth/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { State } from "../../ui/state.tsx";
import type { Column } from "../../ui/table/column.ts";
import { Ago, Until } from "../../ui/time.tsx";

/** What a session is called by: the program that signed in, or that it did not say. */
export function programWord({ user_agent }: Session): string {
	return visibleLine(user_agent ?? "Unnamed program");
}

/** @param revoke undefined where the role may not end sessions */
export function sessionColumns(revoke: ((session: Session) => void) | undefined): Column<Session>[] {
	const columns: Column<Session>[] = [
		{
			id: "program",
			label: "Program",
			text: ({ user_agent }) => user_agent ?? "",
			cell: (session) => (
				<>
					<span title={programWord(session)}>{programWord(session)}</span>
					<div className="nc-narrow nc-small nc-dim">
						<span className="nc-mono">{visibleLine(session.network)}</span> <Ago at={session.refreshed_at} />
					</div>
				</>
			),
		},
		{
			id: "network",
			label: "From",
			from: "medium",
			width: 140,
			text: ({ network }) => network,
			cell: ({ network }) => <span className="nc-mono">{visibleLine(network)}</span>,
		},
		{
			id: "method",
			label: "Signed in by",
			from: "wide",
			width: 130,
			text: ({ login_method }) => login_method ?? "Local password",
			cell: ({ login_method }) => visibleLine(login_method ?? "Local password"),
		},
		{
			id: "created",
			label: "Since",
			sort: "created_at",
			from: "wide",
			width: 110,
			text: ({ created_at }) => created_at,
			cell: ({ created_at }) => <Ago at={created_at} />,
		},
		{
			id: "refreshed",
			label: "Renewed",
			sort: "refreshed_at",
			from: "medium",
			width: 110,
			text: ({ refreshed_at }) => refreshed_at,
			cell: ({ refreshed_at }) => <Ago at={refreshed_at} />,
		},
		{
			id: "expires",
			label: "Until",
			sort: "expires_at",
			from: "medium",
			width: 110,
			text: ({ expires_at }) => expires_at,
			cell: ({ expires_at }) => <Until at={expires_at} />,
		},
	];
	return [
		...columns,
		{
			id: "revoke",
			label: "End",
			width: 110,
			cell: (session) =>
				session.current ? (
					<State tone="good" icon="ok" word="This one" />
				) : (
					revoke !== undefined && (
						<Button
							variant="subtle"
							color="red"
							size="compact-xs"
							aria-label={`End ${programWord(session)} from ${visibleLine(session.network)}`}
							onClick={() => revoke(session)}
						>
							End
						</Button>
					)
				),
		},
	];
}
