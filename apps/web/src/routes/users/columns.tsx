import type { User } from "@netconductor/contracts/auth/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { TextLink } from "../../ui/link.tsx";
import type { Column } from "../../ui/table/column.ts";
import { addedColumn } from "../../ui/table/common-columns.tsx";
import { Ago } from "../../ui/time.tsx";
import { methodWord, UserState, userWord } from "./user-state.tsx";

/** @param roleLabel a role's label by its name; the name where it is not known */
export function userColumns(roleLabel: (name: string) => string): Column<User>[] {
	return [
		{
			id: "username",
			label: "User",
			sort: "username",
			text: ({ username }) => username,
			cell: ({ id, username, display_name }) => (
				<>
					<TextLink to="/users/$id" params={{ id }} fw={550} size="sm">
						{visibleLine(username)}
					</TextLink>
					<div className="nc-narrow nc-small nc-dim">{visibleLine(display_name)}</div>
				</>
			),
		},
		{
			id: "name",
			label: "Name",
			from: "medium",
			text: ({ display_name }) => display_name,
			cell: ({ display_name }) => visibleLine(display_name),
		},
		{
			id: "email",
			label: "Email",
			from: "wide",
			text: ({ email }) => email ?? "",
			cell: ({ email }) => visibleLine(email ?? ""),
		},
		{
			id: "role",
			label: "Role",
			sort: "role",
			width: 150,
			text: ({ role }) => role,
			cell: ({ role }) => visibleLine(roleLabel(role)),
		},
		{
			id: "state",
			label: "State",
			from: "medium",
			width: 180,
			text: userWord,
			cell: (user) => <UserState user={user} />,
		},
		{
			id: "method",
			label: "Signs in by",
			from: "wide",
			width: 150,
			text: methodWord,
			cell: (user) => visibleLine(methodWord(user)),
		},
		{
			id: "login",
			label: "Last sign-in",
			sort: "last_login_at",
			from: "medium",
			width: 130,
			text: ({ last_login_at }) => last_login_at ?? "",
			cell: ({ last_login_at }) => (
				<span className="nc-dim">{last_login_at === null ? "never" : <Ago at={last_login_at} />}</span>
			),
		},
		addedColumn({ from: "asked" }),
	];
}
