import { Text, Textarea, TextInput } from "@mantine/core";
import { type DeviceGroup, DeviceGroupChange, NewDeviceGroup } from "@netconductor/contracts/devices/model";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useApi, usePermitted } from "../../api/context.tsx";
import { FormDrawer } from "../../ui/form/form-drawer.tsx";
import { useContractForm } from "../../ui/form/use-contract-form.ts";
import { CredentialSelect } from "../../ui/pick/credential-select.tsx";
import { WorkerPoolField } from "../../ui/pick/worker-pool-field.tsx";
import { toastDone } from "../../ui/toast.tsx";

/** Adds a group, or changes `group`. Give it another `key` at each opening. */
export function GroupForm({
	group: given,
	opened,
	onClose,
	onSaved,
}: {
	group?: DeviceGroup | undefined;
	opened: boolean;
	onClose: () => void;
	onSaved?: (group: DeviceGroup) => void;
}) {
	// What it was when the form was opened: what somebody else changes meanwhile is not undone by saving.
	const [group] = useState(given);
	const api = useApi();
	const queries = useQueryClient();
	const mayChoose = usePermitted()("credentials:read");
	const form = useContractForm({
		initial: {
			name: group?.name ?? "",
			description: group?.description ?? "",
			credential_id: group?.credential_id ?? null,
			worker_pool: group?.worker_pool ?? "",
		},
		schema: group === undefined ? NewDeviceGroup : DeviceGroupChange,
		toBody: ({ name, description, credential_id, worker_pool }) => ({
			...(name.trim() !== group?.name && { name: name.trim() }),
			...(description.trim() !== group?.description && { description: description.trim() }),
			...(mayChoose && credential_id !== group?.credential_id && { credential_id }),
			...((worker_pool.trim() || null) !== (group?.worker_pool ?? null) && { worker_pool: worker_pool.trim() || null }),
		}),
		send: (body) =>
			group === undefined
				? api.devices.createGroup({ body: { ...body, name: body.name ?? "" } })
				: api.devices.updateGroup({ params: { id: group.id }, body }),
		about: {
			"device_groups.name_taken": "name",
			"credentials.not_found": "credential_id",
			"credentials.own": "credential_id",
		},
		onDone: (saved) => {
			void queries.invalidateQueries({ queryKey: ["device_groups"] });
			toastDone(`The group ${saved.name} is ${group === undefined ? "added" : "changed"}`);
			onClose();
			onSaved?.(saved);
		},
	});
	return (
		<FormDrawer
			opened={opened}
			onClose={onClose}
			title={group === undefined ? "Add a group" : `Edit ${group.name}`}
			action={group === undefined ? "Add group" : "Save"}
			form={form}
		>
			<TextInput label="Name" withAsterisk data-autofocus maxLength={100} {...form.field("name")} />
			<Textarea label="Description" autosize minRows={2} maxRows={5} maxLength={500} {...form.field("description")} />
			{mayChoose && (
				<>
					<CredentialSelect label="Credential" placeholder="None" {...form.field("credential_id")} />
					<Text size="xs" c="dimmed">
						Devices of the group log in with it unless they have one of their own. Of several groups with a credential
						the first by name decides.
					</Text>
				</>
			)}
			<WorkerPoolField
				description="Workers that reach its devices, unless those name a pool themselves. Of several groups the first by name decides."
				{...form.field("worker_pool")}
			/>
		</FormDrawer>
	);
}
