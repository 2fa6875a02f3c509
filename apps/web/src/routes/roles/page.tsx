import { Button, Group, Select } from "@mantine/core";
import { useDisclosure, useMediaQuery } from "@mantine/hooks";
import type { Role } from "@netconductor/contracts/auth/model";
import { presetRoles } from "@netconductor/contracts/auth/permissions";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { useApi, useMe, usePermitted } from "../../api/context.tsx";
import { useUnsaved } from "../../ui/form/use-unsaved.ts";
import { Icon } from "../../ui/icon.tsx";
import { Page } from "../../ui/page.tsx";
import { ProblemAlert } from "../../ui/problem.tsx";
import { RowsLoading } from "../../ui/rows-loading.tsx";
import { toastDone, toastProblem } from "../../ui/toast.tsx";
import { grantChanges, sameGrants, withGrant } from "./grants.ts";
import styles from "./matrix.module.css";
import { RoleMatrix } from "./matrix.tsx";
import { AddRole, EditRole } from "./role-form.tsx";

export const route = createLazyRoute("/signed-in/framed/roles")({ component: RolesPage });
const { useSearch, useNavigate } = getRouteApi("/signed-in/framed/roles");

const most = 500;
type Drafts = Record<string, string[]>;

function RolesPage() {
	const api = useApi();
	const navigate = useNavigate();
	const permitted = usePermitted();
	const { permissions: held } = useMe();
	const { role: marked } = useSearch();
	const narrow = useMediaQuery("(max-width: 48em)", false, { getInitialValueInEffect: false });
	const [adding, add] = useDisclosure();
	const [editing, setEditing] = useState<Role>();
	const [drafts, setDrafts] = useState<Drafts>({});
	const { data, error, refetch } = useQuery({
		queryKey: ["roles", "all"],
		queryFn: ({ signal }) => api.auth.listRoles({ query: { page_size: most, sort: "created_at" } }, { signal }),
	});
	const roles = data === undefined ? undefined : inOrder(data.items);
	const mayWrite = permitted("roles:write");
	const mark = (role: string | undefined) => void navigate({ search: { role }, replace: true });
	const changed = (roles ?? []).filter(
		({ name, permissions }) => !sameGrants(drafts[name] ?? permissions, permissions),
	);

	function grant(role: Role, wanted: string, given: boolean) {
		setDrafts((before) => ({
			...before,
			[role.name]: withGrant(before[role.name] ?? role.permissions, wanted, given),
		}));
	}

	const shown = narrow ? (roles ?? []).filter(({ name }) => name === (marked ?? roles?.[0]?.name)) : (roles ?? []);
	return (
		<Page
			title="Roles"
			actions={
				mayWrite && (
					<Button leftSection={<Icon name="plus" size={14} />} disabled={roles === undefined} onClick={add.open}>
						Add role
					</Button>
				)
			}
		>
			{error !== null && <ProblemAlert error={error} onRetry={() => void refetch()} />}
			{roles === undefined ? (
				error === null && <RowsLoading rows={14} />
			) : (
				<>
					{narrow && (
						<Select
							aria-label="Role"
							allowDeselect={false}
							data={roles.map(({ name, label }) => ({ value: name, label: visibleLine(label) }))}
							value={marked ?? roles[0]?.name ?? null}
							onChange={(name) => mark(name ?? undefined)}
						/>
					)}
					<div className={`nc-panel ${styles.panel}`}>
						<RoleMatrix
							roles={shown}
							marked={narrow ? undefined : marked}
							drafts={drafts}
							held={held}
							mayWrite={mayWrite}
							onGrant={grant}
							onEdit={setEditing}
						/>
					</div>
					<p className="nc-small nc-dim" style={{ margin: 0 }}>
						✓* is granted by a wildcard: <span className="nc-mono">devices:*</span> is every permission on devices,{" "}
						<span className="nc-mono">*:read</span> everything that only reads, <span className="nc-mono">*</span>{" "}
						everything.
					</p>
					{changed.length > 0 && (
						<Unsaved
							changed={changed}
							drafts={drafts}
							onDone={(name) => setDrafts(({ [name]: _, ...others }) => others)}
							onDiscard={() => setDrafts({})}
						/>
					)}
				</>
			)}
			{adding && (
				<AddRole
					roles={roles ?? []}
					onClose={add.close}
					onAdded={({ name }) => {
						add.close();
						mark(name);
					}}
				/>
			)}
			{editing !== undefined && <EditRole key={editing.name} role={editing} onClose={() => setEditing(undefined)} />}
		</Page>
	);
}

/** The presets as the contract lists them, from the most to the least, then those made here. */
function inOrder(roles: readonly Role[]): Role[] {
	const presets = Object.keys(presetRoles);
	const place = ({ name, preset }: Role) => (preset ? presets.indexOf(name) : presets.length);
	return roles.toSorted((one, other) => place(one) - place(other));
}

/** What was changed in the table and is not saved, role by role. */
function Unsaved({
	changed,
	drafts,
	onDone,
	onDiscard,
}: {
	changed: readonly Role[];
	drafts: Drafts;
	onDone: (name: string) => void;
	onDiscard: () => void;
}) {
	const api = useApi();
	const queries = useQueryClient();
	useUnsaved(true);
	const save = useMutation({
		mutationFn: async () => {
			for (const { name } of changed) {
				const permissions = drafts[name];
				if (permissions === undefined) continue;
				await api.auth.updateRole({ params: { name }, body: { permissions } });
				await queries.invalidateQueries({ queryKey: ["roles"] });
				onDone(name);
			}
		},
		onSuccess: () => {
			toastDone("The roles are saved");
			void queries.invalidateQueries({ queryKey: ["me"] });
		},
		onError: toastProblem,
	});
	return (
		<section className={styles.saving} aria-label="Not saved yet">
			{/* Left, where no toast lies over them. */}
			<Group gap="xs">
				<Button loading={save.isPending} onClick={() => save.mutate()}>
					Save changes
				</Button>
				<Button variant="default" onClick={onDiscard}>
					Discard
				</Button>
			</Group>
			<div className="nc-small">
				{changed.map(({ name, label, permissions, users }) => {
					const { added, removed } = grantChanges(permissions, drafts[name] ?? permissions);
					return (
						<div key={name}>
							<strong>{visibleLine(label)}</strong>: {added.length > 0 && `adds ${added.join(", ")}`}
							{added.length > 0 && removed.length > 0 && "; "}
							{removed.length > 0 && `takes away ${removed.join(", ")}`}
							{users > 0 && ` (${users === 1 ? "1 user, at once" : `${users} users, at once`})`}
						</div>
					);
				})}
			</div>
		</section>
	);
}
