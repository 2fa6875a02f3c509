import { Button, TextInput } from "@mantine/core";
import { RunAll } from "@netconductor/contracts/backup/model";
import { useQueryClient } from "@tanstack/react-query";
import { useApi } from "../../api/context.tsx";
import { FormDrawer } from "../../ui/form/form-drawer.tsx";
import { useContractForm } from "../../ui/form/use-contract-form.ts";
import { useDrawer } from "../../ui/form/use-drawer.ts";
import { toastRun } from "../../ui/toast.tsx";

/** Backs up every enabled device under a name. */
export function TakeSnapshot() {
	const drawer = useDrawer();
	return (
		<>
			<Button onClick={drawer.open}>Take a snapshot</Button>
			<NameIt key={drawer.key} opened={drawer.opened} onClose={drawer.close} />
		</>
	);
}

function NameIt({ opened, onClose }: { opened: boolean; onClose: () => void }) {
	const api = useApi();
	const queries = useQueryClient();
	const form = useContractForm({
		initial: { name: "" },
		schema: RunAll,
		toBody: ({ name }) => (name.trim() === "" ? {} : { name: name.trim() }),
		send: (body) => api.backup.runAll({ body }),
		onDone: ({ run_id }) => {
			toastRun("Taking a snapshot of all devices", run_id);
			void queries.invalidateQueries({ queryKey: ["snapshots"] });
			onClose();
		},
	});
	return (
		<FormDrawer opened={opened} onClose={onClose} title="Take a snapshot" action="Back up all devices" form={form}>
			<TextInput
				label="Name"
				description="Every enabled device is backed up under it; without one the time is the name"
				placeholder="Before the change of 24 November"
				maxLength={200}
				{...form.field("name")}
			/>
		</FormDrawer>
	);
}
