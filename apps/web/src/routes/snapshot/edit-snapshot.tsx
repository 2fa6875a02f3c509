import { Textarea, TextInput } from "@mantine/core";
import { type Snapshot, SnapshotChange } from "@netconductor/contracts/backup/model";
import { useQueryClient } from "@tanstack/react-query";
import { useApi } from "../../api/context.tsx";
import { FormDrawer } from "../../ui/form/form-drawer.tsx";
import { useContractForm } from "../../ui/form/use-contract-form.ts";
import { toastDone } from "../../ui/toast.tsx";

/** Name and description of a snapshot. */
export function EditSnapshot({
	snapshot: { id, name, description },
	opened,
	onClose,
}: {
	snapshot: Snapshot;
	opened: boolean;
	onClose: () => void;
}) {
	const api = useApi();
	const queries = useQueryClient();
	const form = useContractForm({
		initial: { name, description },
		schema: SnapshotChange,
		toBody: (values) => ({ name: values.name.trim(), description: values.description.trim() }),
		send: (body) => api.backup.updateSnapshot({ params: { id }, body }),
		onDone: (changed) => {
			queries.setQueryData(["snapshots", "one", id], changed);
			toastDone("Saved");
			onClose();
		},
	});
	return (
		<FormDrawer opened={opened} onClose={onClose} title="Rename the snapshot" action="Save" form={form}>
			<TextInput label="Name" maxLength={200} required {...form.field("name")} />
			<Textarea label="Description" maxLength={2000} autosize minRows={3} maxRows={12} {...form.field("description")} />
		</FormDrawer>
	);
}
