import { Button, Select, Text, Textarea, TextInput } from "@mantine/core";
import { NewRole, type Role, RoleChange } from "@netconductor/contracts/auth/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { z } from "zod";
import { useApi, useMe, usePermitted } from "../../api/context.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { FormDrawer } from "../../ui/form/form-drawer.tsx";
import { useContractForm } from "../../ui/form/use-contract-form.ts";
import { ButtonLink } from "../../ui/link.tsx";
import { Notice } from "../../ui/notice.tsx";
import { toastDone, toastProblem } from "../../ui/toast.tsx";
import { count } from "../../ui/words.ts";
import { DeviceGroupsField } from "./device-groups-field.tsx";
import { grantedBy } from "./grants.ts";

const longest = 64;

/** "Night shift" is named `night-shift`. */
function nameOf(label: string): string {
	return label
		.normalize("NFKD")
		.toLowerCase()
		.replace(/\p{M}/gu, "")
		.replace(/[^a-z0-9_]+/g, "-")
		.replace(/^[-_]+|-+$/g, "")
		.slice(0, longest);
}

export function AddRole({
	roles,
	onAdded,
	onClose,
}: {
	roles: readonly Role[];
	onAdded: (role: Role) => void;
	onClose: () => void;
}) {
	const api = useApi();
	const queries = useQueryClient();
	const { permissions: held, device_groups: own } = useMe();
	const [deviceGroups, setDeviceGroups] = useState(own);
	const grantsOf = (from: string) => roles.find(({ name }) => name === from)?.permissions ?? [];
	const form = useContractForm({
		initial: { label: "", name: "", description: "", from: "", permissions: null, device_groups: null },
		schema: NewRole,
		toBody: ({ label, name, description, from }): z.input<typeof NewRole> => ({
			label: label.trim(),
			name: name.trim() || nameOf(label),
			description: description.trim(),
			permissions: [...grantsOf(from)],
			device_groups: deviceGroups,
		}),
		send: (body) => api.auth.createRole({ body }),
		onDone: (role) => {
			void queries.invalidateQueries({ queryKey: ["roles"] });
			toastDone(`The role ${visibleLine(role.label)} is added`);
			onAdded(role);
		},
		about: { "roles.name_taken": "name", "roles.escalation": "from", "device_groups.not_found": "device_groups" },
	});
	const from = form.field("from");
	const { label } = form.form.getValues();
	return (
		<FormDrawer opened onClose={onClose} title="Add a role" action="Add role" form={form}>
			<TextInput label="Label" withAsterisk data-autofocus maxLength={100} {...form.field("label")} />
			<TextInput
				label="Name"
				description="What the API and the command line call it; it cannot be changed later"
				placeholder={nameOf(label)}
				maxLength={longest}
				{...form.field("name")}
			/>
			<Textarea label="Description" autosize minRows={2} maxLength={500} {...form.field("description")} />
			<Select
				label="Start from"
				description={
					from.value === ""
						? "Without one the role may do nothing at first"
						: `${count(grantsOf(from.value).length, "grant")}: ${grantsOf(from.value).join(", ")}`
				}
				clearable
				placeholder="Nothing"
				data={roles.map((role) => ({
					value: role.name,
					label: role.label,
					disabled: !role.permissions.every((grant) => grantedBy(held, grant) !== undefined),
				}))}
				{...from}
				value={from.value === "" ? null : from.value}
				onChange={(name: string | null) => from.onChange(name ?? "")}
			/>
			<DeviceGroupsField value={deviceGroups} onChange={setDeviceGroups} error={form.field("device_groups").error} />
			<Text size="xs" c="dimmed">
				What it may do is then chosen in its column of the table.
			</Text>
		</FormDrawer>
	);
}

export function EditRole({ role, onClose }: { role: Role; onClose: () => void }) {
	const api = useApi();
	const queries = useQueryClient();
	const permitted = usePermitted();
	const [deleting, setDeleting] = useState(false);
	const [deviceGroups, setDeviceGroups] = useState(role.device_groups);
	const name = visibleLine(role.label);
	const form = useContractForm({
		initial: { label: role.label, description: role.description, device_groups: null },
		schema: RoleChange,
		toBody: ({ label, description }): z.input<typeof RoleChange> => ({
			label: label.trim(),
			description: description.trim(),
			device_groups: deviceGroups,
		}),
		about: { "device_groups.not_found": "device_groups" },
		send: (body) => api.auth.updateRole({ params: { name: role.name }, body }),
		onDone: () => {
			void queries.invalidateQueries({ queryKey: ["roles"] });
			toastDone(`The role ${name} is changed`);
			onClose();
		},
	});
	const remove = useMutation({
		mutationFn: () => api.auth.deleteRole({ params: { name: role.name } }),
		onSuccess: () => {
			void queries.invalidateQueries({ queryKey: ["roles"] });
			toastDone(`The role ${name} is deleted`);
			onClose();
		},
		onError: toastProblem,
	});
	return (
		<>
			<FormDrawer
				opened={!deleting}
				onClose={onClose}
				title={`Edit the role ${name}`}
				action="Save"
				form={form}
				beside={
					<Button
						variant="subtle"
						color="red"
						disabled={role.users > 0}
						title={role.users > 0 ? "Users hold this role" : undefined}
						onClick={() => setDeleting(true)}
					>
						Delete role
					</Button>
				}
			>
				<TextInput label="Label" withAsterisk data-autofocus maxLength={100} {...form.field("label")} />
				<Textarea label="Description" autosize minRows={2} maxLength={500} {...form.field("description")} />
				<DeviceGroupsField value={deviceGroups} onChange={setDeviceGroups} error={form.field("device_groups").error} />
				<Text size="sm" c="dimmed">
					Name: <span className="nc-mono">{role.name}</span>
				</Text>
				{role.users > 0 && (
					<Notice tone="warn" icon="users" title={`${count(role.users, "user holds", "users hold")} this role`}>
						<div>It can be deleted once nobody holds it.</div>
						{permitted("users:read") && (
							<div>
								<ButtonLink variant="default" to="/users" search={{ role: role.name }}>
									See who
								</ButtonLink>
							</div>
						)}
					</Notice>
				)}
			</FormDrawer>
			<Confirm
				opened={deleting}
				title={`Delete the role ${name}`}
				action="Delete role"
				busy={remove.isPending}
				onConfirm={() => remove.mutate()}
				onClose={() => setDeleting(false)}
			>
				Nobody holds it. What it granted is noted in the audit trail.
			</Confirm>
		</>
	);
}
