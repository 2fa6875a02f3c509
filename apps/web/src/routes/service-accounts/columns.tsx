import type { ServiceAccount } from "@netconductor/contracts/auth/service-accounts";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { TextLink } from "../../ui/link.tsx";
import type { Column } from "../../ui/table/column.ts";
import { addedColumn, lastUsedColumn } from "../../ui/table/common-columns.tsx";

import { AccountState, accountWord, Owner, ownerWord } from "./account-state.tsx";

/** @param roleLabel a role's label by its name; the name where it is not known */
export function accountColumns(roleLabel: (name: string) => string): Column<ServiceAccount>[] {
	return [
		{
			id: "name",
			label: "Service account",
			sort: "name",
			text: ({ name }) => name,
			cell: ({ id, name, description }) => (
				<>
					<TextLink to="/service-accounts/$id" params={{ id }} fw={550} size="sm">
						{visibleLine(name)}
					</TextLink>
					<div className="nc-narrow nc-small nc-dim">{visibleLine(description)}</div>
				</>
			),
		},
		{
			id: "description",
			label: "What it is for",
			from: "medium",
			text: ({ description }) => description,
			cell: ({ description }) => visibleLine(description),
		},
		{
			id: "role",
			label: "Role",
			sort: "role",
			width: 140,
			text: ({ role }) => role,
			cell: ({ role }) => visibleLine(roleLabel(role)),
		},
		{
			id: "state",
			label: "State",
			from: "medium",
			width: 110,
			text: accountWord,
			cell: (account) => <AccountState account={account} />,
		},
		{
			id: "owner",
			label: "Owner",
			from: "medium",
			width: 190,
			text: ownerWord,
			cell: (account) => <Owner account={account} />,
		},
		{
			id: "tokens",
			label: "Tokens",
			from: "wide",
			width: 80,
			text: ({ tokens }) => String(tokens),
			cell: ({ tokens }) => tokens,
		},
		lastUsedColumn(),
		addedColumn({ from: "asked" }),
	];
}
