import { Button, Checkbox } from "@mantine/core";
import type { Role } from "@netconductor/contracts/auth/model";
import { covers } from "@netconductor/contracts/kernel/actor";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { Fragment } from "react";
import { usePermitted } from "../../api/context.tsx";
import { Icon } from "../../ui/icon.tsx";
import { TextLink } from "../../ui/link.tsx";
import { resources, wideGrants } from "../../ui/permissions/resources.ts";
import { count } from "../../ui/words.ts";
import { useGroups } from "./device-groups-field.tsx";
import { grantedBy } from "./grants.ts";
import styles from "./matrix.module.css";

interface Props {
	roles: readonly Role[];
	marked: string | undefined;
	/** Grants that are not saved yet, by role. */
	drafts: Readonly<Record<string, readonly string[]>>;
	/** What who is signed in holds: more nobody can give. */
	held: readonly string[];
	mayWrite: boolean;
	onGrant: (role: Role, grant: string, given: boolean) => void;
	onEdit: (role: Role) => void;
}

/** Which role may do what: permissions by what they are about, one column for each role. */
export function RoleMatrix(props: Props) {
	const { roles, marked } = props;
	const permitted = usePermitted();
	return (
		// biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
		<section className={styles.scroll} aria-label="Permissions by role" tabIndex={0}>
			<table className={styles.matrix}>
				<thead>
					<tr>
						<th scope="col">Permission</th>
						{roles.map((role) => (
							<th key={role.name} scope="col" data-marked={role.name === marked || undefined}>
								<div className={styles.role}>
									<span title={visibleLine(role.description)}>{visibleLine(role.label)}</span>
									{permitted("users:read") && role.users > 0 ? (
										<TextLink to="/users" search={{ role: role.name }} size="xs">
											{count(role.users, "user")}
										</TextLink>
									) : (
										<span className="nc-small nc-dim">{count(role.users, "user")}</span>
									)}
									{role.device_groups !== null && <LimitMark of={role.device_groups} />}
									{role.preset ? (
										<span
											className="nc-state nc-small nc-dim"
											title="Every installation has this role, and it always means the same. Add a role that starts from it to change something."
										>
											<Icon name="lock" size={12} />
											Preset
										</span>
									) : (
										props.mayWrite && (
											<Button
												variant="subtle"
												size="compact-xs"
												aria-label={`Edit the role ${visibleLine(role.label)}`}
												onClick={() => props.onEdit(role)}
											>
												Edit
											</Button>
										)
									)}
								</div>
							</th>
						))}
					</tr>
				</thead>
				<tbody>
					{wideGrants.map(({ grant, label, means }) => (
						<Row key={grant} {...props} grant={grant} label={label} allows={means} />
					))}
					{resources.map(({ name, label, permissions }) => (
						<Fragment key={name}>
							<tr className={styles.about}>
								<th scope="rowgroup" colSpan={roles.length + 1}>
									{label}
								</th>
							</tr>
							<Row
								{...props}
								grant={`${name}:*`}
								label="All of these"
								allows="Also those that later versions add here"
							/>
							{permissions.map(({ name: permission, allows }) => (
								<Row key={permission} {...props} grant={permission} label={allows} />
							))}
						</Fragment>
					))}
				</tbody>
			</table>
		</section>
	);
}

function LimitMark({ of }: { of: readonly string[] }) {
	const groups = useGroups();
	const names = of.map((id) => visibleLine(groups?.get(id) ?? id));
	return (
		<span className="nc-state nc-small nc-dim" title={`Only devices in: ${names.join(", ") || "no group"}`}>
			<Icon name="group" size={12} />
			{count(of.length, "device group")}
		</span>
	);
}

function Row({
	roles,
	marked,
	drafts,
	held,
	mayWrite,
	onGrant,
	grant,
	label,
	allows,
}: Props & { grant: string; label: string; allows?: string }) {
	return (
		<tr>
			<th scope="row">
				{label} <span className="nc-mono nc-dim">{grant}</span>
				{allows !== undefined && <span className={styles.allows}>{allows}</span>}
			</th>
			{roles.map((role) => {
				const grants = drafts[role.name] ?? role.permissions;
				const by = grantedBy(grants, grant);
				const name = visibleLine(role.label);
				return (
					<td key={role.name} data-marked={role.name === marked || undefined}>
						{role.preset || !mayWrite ? (
							<Holds by={by} grant={grant} />
						) : (
							<Checkbox
								size="xs"
								className={styles.box}
								aria-label={`${name}: ${grant}`}
								checked={by !== undefined}
								title={whyFixed(by, grant, held)}
								disabled={whyFixed(by, grant, held) !== undefined}
								onChange={({ currentTarget }) => onGrant(role, grant, currentTarget.checked)}
							/>
						)}
					</td>
				);
			})}
		</tr>
	);
}

/** Why a box cannot be changed by itself; undefined where it can. */
function whyFixed(by: string | undefined, grant: string, held: readonly string[]): string | undefined {
	if (by !== undefined && by !== grant) return `Granted by ${by}`;
	if (!held.some((mine) => covers(mine, grant))) return "Nobody can give or take what they do not hold";
	return undefined;
}

function Holds({ by, grant }: { by: string | undefined; grant: string }) {
	if (by === undefined) {
		return (
			<span className="nc-dim" role="img" aria-label="no">
				·
			</span>
		);
	}
	const direct = by === grant;
	return (
		<span
			className={direct ? "nc-good" : "nc-calm"}
			role="img"
			aria-label={direct ? "yes" : `yes, granted by ${by}`}
			title={direct ? undefined : `Granted by ${by}`}
		>
			<Icon name="ok" size={15} />
			{!direct && <sup className={styles.wide}>*</sup>}
		</span>
	);
}
