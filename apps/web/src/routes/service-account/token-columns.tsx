import { Button, Group } from "@mantine/core";
import type { ServiceAccountToken } from "@netconductor/contracts/auth/service-accounts";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import type { Column } from "../../ui/table/column.ts";
import { lastUsedColumn, permissionsColumn } from "../../ui/table/common-columns.tsx";
import { Ago, Until } from "../../ui/time.tsx";
import { Expiry } from "../tokens/columns.tsx";

interface Actions {
	rotate(token: ServiceAccountToken): void;
	revoke(token: ServiceAccountToken): void;
}

/** The secret before, while it goes on. */
function OldSecret({ replaced }: Pick<ServiceAccountToken, "replaced">) {
	if (replaced === null) return null;
	return (
		<div className="nc-small nc-dim">
			<span className="nc-mono">{visibleLine(replaced.prefix)}…</span> goes on <Until at={replaced.expires_at} />,{" "}
			{replaced.last_used_at === null ? (
				"not used since"
			) : (
				<>
					used <Ago at={replaced.last_used_at} />
				</>
			)}
		</div>
	);
}

/** @param actions undefined where the role may not change them */
export function accountTokenColumns(actions: Actions | undefined): Column<ServiceAccountToken>[] {
	const columns: Column<ServiceAccountToken>[] = [
		{
			id: "name",
			label: "Name",
			sort: "name",
			text: ({ name }) => name,
			cell: ({ name, prefix, replaced }) => (
				<>
					<span style={{ fontWeight: 550 }} title={name}>
						{visibleLine(name)}
					</span>{" "}
					<span className="nc-mono nc-small nc-dim">{visibleLine(prefix)}…</span>
					<OldSecret replaced={replaced} />
				</>
			),
		},
		permissionsColumn({ from: "wide", width: 150 }),
		lastUsedColumn(),
		{
			id: "expires",
			label: "Expires",
			sort: "expires_at",
			width: 110,
			text: ({ expires_at }) => expires_at,
			cell: ({ expires_at }) => <Expiry at={expires_at} />,
		},
		{
			id: "issued_by",
			label: "Issued by",
			from: "wide",
			width: 120,
			text: ({ issued_by }) => issued_by ?? "",
			cell: ({ issued_by }) => visibleLine(issued_by ?? "a deleted user"),
		},
	];
	if (actions === undefined) return columns;
	return [
		...columns,
		{
			id: "actions",
			label: "Change",
			width: 150,
			cell: (token) => (
				<Group gap={4}>
					<Button
						variant="subtle"
						size="compact-xs"
						aria-label={`Rotate ${visibleLine(token.name)}`}
						onClick={() => actions.rotate(token)}
					>
						Rotate
					</Button>
					<Button
						variant="subtle"
						color="red"
						size="compact-xs"
						aria-label={`Revoke ${visibleLine(token.name)}`}
						onClick={() => actions.revoke(token)}
					>
						Revoke
					</Button>
				</Group>
			),
		},
	];
}
