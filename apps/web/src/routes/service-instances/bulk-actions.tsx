import { ActionIcon, Button, Menu } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import type { ServiceInstanceSummary } from "@netconductor/contracts/config/instances";
import type { StackValidation } from "@netconductor/contracts/config/stacks";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useApi, usePermitted } from "../../api/context.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { useDrawer } from "../../ui/form/use-drawer.ts";
import { Icon } from "../../ui/icon.tsx";
import type { Selection } from "../../ui/table/selection.ts";
import { toastDone, toastProblem, toastRun } from "../../ui/toast.tsx";
import { count } from "../../ui/words.ts";
import { ChangeForm, type InstanceChange } from "./change-form.tsx";

/** What can be done with the chosen services. `known` are those that were on the screen. */
export function BulkActions({
	selection,
	known,
	onCompared,
}: {
	selection: Selection;
	known: ReadonlyMap<string, ServiceInstanceSummary>;
	onCompared: (found: StackValidation) => void;
}) {
	const api = useApi();
	const queries = useQueryClient();
	const permitted = usePermitted();
	const drawer = useDrawer();
	const [change, setChange] = useState<InstanceChange>("redeploy");
	const [forgetting, askForget] = useDisclosure();
	const ids = [...selection.ids];
	const chosen = ids.flatMap((id) => known.get(id) ?? []);
	const none = ids.length === 0;
	const mayDeploy = permitted("stacks:deploy");
	const mayWrite = permitted("stacks:write");
	const started = (title: string) => (run_id: string) => {
		toastRun(title, run_id);
		void queries.invalidateQueries({ queryKey: ["runs"] });
	};
	const check = useMutation({
		mutationFn: () => api.config.checkInstances({ body: { ids } }),
		onSuccess: ({ run_id }) => started(`Checking ${count(ids.length, "service")}`)(run_id),
		onError: toastProblem,
	});
	const compare = useMutation({
		mutationFn: (source: "backup" | "live") => api.config.validateInstances({ body: { ids, source } }),
		onSuccess: ({ validation, run_id }) => {
			if (validation !== null) onCompared(validation);
			if (run_id !== null) started(`Asking the devices of ${count(ids.length, "service")}`)(run_id);
		},
		onError: toastProblem,
	});
	const forget = useMutation({
		mutationFn: () => api.config.forgetInstances({ body: { ids } }),
		onSuccess: ({ forgotten }) => {
			void queries.invalidateQueries({ queryKey: ["stacks"] });
			selection.clear();
			toastDone(`${count(forgotten, "service")} forgotten`);
		},
		onError: toastProblem,
		onSettled: askForget.close,
	});
	const open = (wanted: InstanceChange) => {
		setChange(wanted);
		drawer.open();
	};
	return (
		<>
			{mayDeploy && (
				<>
					<Button variant="default" disabled={none} onClick={() => open("redeploy")}>
						Deploy again
					</Button>
					<Button variant="default" disabled={none} loading={check.isPending} onClick={() => check.mutate()}>
						Check
					</Button>
					<Button
						variant="default"
						disabled={none}
						loading={compare.isPending}
						onClick={() => compare.mutate("backup")}
					>
						Compare
					</Button>
				</>
			)}
			{(mayDeploy || mayWrite) && (
				<Menu position="bottom-end">
					<Menu.Target>
						<ActionIcon variant="default" size={30} disabled={none} aria-label="More with those chosen" title="More">
							<Icon name="more" />
						</ActionIcon>
					</Menu.Target>
					<Menu.Dropdown>
						{mayDeploy && (
							<>
								<Menu.Item onClick={() => compare.mutate("live")}>Compare with the devices themselves</Menu.Item>
								<Menu.Item leftSection={<Icon name="minus" size={14} />} onClick={() => open("delete")}>
									Take off devices
								</Menu.Item>
							</>
						)}
						{mayWrite && (
							<Menu.Item color="red" leftSection={<Icon name="trash" size={14} />} onClick={askForget.open}>
								Forget, and leave what stands there
							</Menu.Item>
						)}
					</Menu.Dropdown>
				</Menu>
			)}
			{mayDeploy && (
				<ChangeForm
					key={drawer.key}
					change={change}
					instances={chosen}
					opened={drawer.opened}
					onClose={drawer.close}
					onStarted={selection.clear}
				/>
			)}
			<Confirm
				opened={forgetting}
				title={`Forget ${count(ids.length, "service")}?`}
				action="Forget them"
				busy={forget.isPending}
				onConfirm={() => forget.mutate()}
				onClose={askForget.close}
			>
				What they brought stays on its devices, and NetConductor forgets that it did: it will neither compare nor remove
				it any more. To take it away, choose “Take off devices” instead.
			</Confirm>
		</>
	);
}
