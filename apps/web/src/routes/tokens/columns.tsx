import { Button } from "@mantine/core";
import type { ApiToken } from "@netconductor/contracts/auth/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { State } from "../../ui/state.tsx";
import type { Column } from "../../ui/table/column.ts";
import { addedColumn, lastUsedColumn, permissionsColumn } from "../../ui/table/common-columns.tsx";
import { Ago, Until } from "../../ui/time.tsx";

const week_ms = 7 * 86_400_000;

/** When a token stops working; stands out in its last week. */
export function Expiry({ at }: { at: string | null }) {
	if (at === null) return <span className="nc-dim">never</span>;
	const left = new Date(at).getTime() - Date.now();
	if (left <= 0) return <State tone="bad" icon="cross" word="Expired" />;
	return (
		<span className={left < week_ms ? "nc-warn" : undefined}>
			<Until at={at} />
		</span>
	);
}

/** @param revoke undefined where the role may not take tokens away */
export function tokenColumns(revoke: ((token: ApiToken) => void) | undefined): Column<ApiToken>[] {
	const columns: Column<ApiToken>[] = [
		{
			id: "name",
			label: "Name",
			sort: "name",
			text: ({ name }) => name,
			cell: ({ name, prefix, last_used_at }) => (
				<>
					<span style={{ fontWeight: 550 }} title={name}>
						{visibleLine(name)}
					</span>
					<div className="nc-narrow nc-small nc-dim">
						<span className="nc-mono">{visibleLine(prefix)}…</span>{" "}
						{last_used_at === null ? "never used" : <Ago at={last_used_at} />}
					</div>
				</>
			),
		},
		{
			id: "prefix",
			label: "Begins with",
			from: "medium",
			width: 140,
			text: ({ prefix }) => prefix,
			cell: ({ prefix }) => <span className="nc-mono">{visibleLine(prefix)}…</span>,
		},
		permissionsColumn({ from: "medium" }),
		lastUsedColumn(),
		{
			id: "expires",
			label: "Expires",
			sort: "expires_at",
			width: 120,
			text: ({ expires_at }) => expires_at ?? "",
			cell: ({ expires_at }) => <Expiry at={expires_at} />,
		},
		addedColumn({ from: "medium" }, "Made"),
	];
	if (revoke === undefined) return columns;
	return [
		...columns,
		{
			id: "revoke",
			label: "Revoke",
			width: 90,
			cell: (token) => (
				<Button
					variant="subtle"
					color="red"
					size="compact-xs"
					aria-label={`Revoke ${visibleLine(token.name)}`}
					onClick={() => revoke(token)}
				>
					Revoke
				</Button>
			),
		},
	];
}
