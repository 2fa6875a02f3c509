import type { Credential } from "@netconductor/contracts/devices/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { Icon } from "../../ui/icon.tsx";
import { TextLink } from "../../ui/link.tsx";
import type { Column } from "../../ui/table/column.ts";
import { addedColumn } from "../../ui/table/common-columns.tsx";
import { Ago } from "../../ui/time.tsx";
import { count } from "../../ui/words.ts";

const secrets = [
	["has_password", "Password"],
	["has_private_key", "Private key"],
	["has_passphrase", "Passphrase"],
	["has_enable_password", "Enable secret"],
] as const;

/** Which secrets are set, in words. */
export function secretsOf(credential: Credential): string[] {
	return secrets.flatMap(([has, word]) => (credential[has] ? [word] : []));
}

/** "3 devices, 1 group", or nothing. */
function usesOf({ devices, groups, overrides }: Credential): string {
	return [
		devices > 0 && count(devices, "device"),
		groups > 0 && count(groups, "group"),
		overrides > 0 && count(overrides, "override"),
	]
		.filter(Boolean)
		.join(", ");
}

export const columns: Column<Credential>[] = [
	{
		id: "name",
		label: "Name",
		sort: "name",
		text: ({ name }) => name,
		cell: ({ id, name, username, is_default }) => (
			<>
				<TextLink
					from="/credentials"
					to="/credentials"
					search={(before) => ({ ...before, credential: id })}
					replace
					resetScroll={false}
					fw={550}
					size="sm"
				>
					{visibleLine(name)}
				</TextLink>
				{is_default && (
					<span className="nc-state nc-small nc-busy" style={{ marginLeft: 10 }}>
						<Icon name="star" size={12} />
						Default
					</span>
				)}
				<div className="nc-narrow nc-small nc-dim">{visibleLine(username)}</div>
			</>
		),
	},
	{
		id: "username",
		label: "User name",
		sort: "username",
		from: "medium",
		text: ({ username }) => username,
		cell: ({ username }) => <span className="nc-mono">{visibleLine(username)}</span>,
	},
	{
		id: "secrets",
		label: "Secrets set",
		from: "medium",
		text: (credential) => secretsOf(credential).join(", "),
		cell: (credential) => secretsOf(credential).join(", "),
	},
	{
		id: "used",
		label: "Used by",
		text: usesOf,
		cell: (credential) => {
			const uses = usesOf(credential);
			if (uses === "") return <span className="nc-dim">nothing</span>;
			return credential.devices > 0 ? (
				<TextLink to="/devices" search={{ credential_id: credential.id }} size="sm">
					{uses}
				</TextLink>
			) : (
				uses
			);
		},
	},
	{
		id: "changed",
		label: "Changed",
		from: "medium",
		width: 130,
		text: ({ updated_at }) => updated_at,
		cell: ({ updated_at }) => (
			<span className="nc-dim">
				<Ago at={updated_at} />
			</span>
		),
	},
	addedColumn({ from: "asked" }),
];
