import { Button, Checkbox, Drawer, Group, Stack, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import type { DeviceGroup } from "@netconductor/contracts/devices/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useApi } from "../../api/context.tsx";
import { Icon } from "../../ui/icon.tsx";
import { ProblemAlert } from "../../ui/problem.tsx";
import { RowsLoading } from "../../ui/rows-loading.tsx";
import { toastDone, toastProblem } from "../../ui/toast.tsx";
import { count } from "../../ui/words.ts";
import style from "./add-members.module.css";

const askAfter_ms = 200;
const rows = 50;

/** Looks for devices and puts those that are chosen into the group. */
export function AddMembers({ group, opened, onClose }: { group: DeviceGroup; opened: boolean; onClose: () => void }) {
	const api = useApi();
	const queries = useQueryClient();
	const [text, setText] = useState("");
	const [q] = useDebouncedValue(text.trim(), askAfter_ms);
	const [chosen, setChosen] = useState<ReadonlyMap<string, string>>(new Map());
	const found = useQuery({
		queryKey: ["devices", "to-add", q],
		queryFn: ({ signal }) =>
			api.devices.listDevices(
				{ query: { q: q || undefined, page_size: rows, sort: "name", count: "near" } },
				{ signal },
			),
		placeholderData: keepPreviousData,
		enabled: opened,
		meta: { shows: ["device_groups"] },
	});
	const add = useMutation({
		mutationFn: () =>
			api.devices.updateDevices({
				body: { select: { device_ids: [...chosen.keys()] }, action: { kind: "add_to_group", group: group.name } },
			}),
		onSuccess: ({ changed }) => {
			void queries.invalidateQueries({ queryKey: ["device_groups"] });
			void queries.invalidateQueries({ queryKey: ["devices"] });
			toastDone(`${count(changed, "device")} added to ${group.name}`);
			onClose();
		},
		onError: toastProblem,
	});
	const choose = (id: string, name: string, on: boolean) => {
		const next = new Map(chosen);
		if (on) next.set(id, name);
		else next.delete(id);
		setChosen(next);
	};
	const items = found.data?.items ?? [];
	const isIn = (groups: readonly string[]) => groups.includes(group.name);
	const more = (found.data?.total ?? 0) - items.length;
	return (
		<Drawer
			opened={opened}
			onClose={onClose}
			title={`Add devices to ${group.name}`}
			position="right"
			size={520}
			padding="md"
		>
			<Stack gap="sm">
				<TextInput
					data-autofocus
					type="search"
					aria-label="Search devices to add"
					placeholder="Name, address, site…"
					leftSection={<Icon name="search" size={14} />}
					maxLength={200}
					value={text}
					onChange={({ currentTarget }) => setText(currentTarget.value)}
				/>
				{found.isError && <ProblemAlert error={found.error} onRetry={() => found.refetch()} />}
				{found.isPending && <RowsLoading />}
				<fieldset style={{ border: 0, margin: 0, padding: 0 }}>
					<legend className="nc-visually-hidden">Devices</legend>
					<Stack gap={6}>
						{items.map(({ id, name, host, site, groups }) => (
							<Checkbox
								key={id}
								size="xs"
								checked={isIn(groups) || chosen.has(id)}
								disabled={isIn(groups)}
								onChange={({ currentTarget }) => choose(id, name, currentTarget.checked)}
								label={
									<>
										<strong>{visibleLine(name)}</strong>{" "}
										<span className="nc-dim">
											{visibleLine([host, site].filter(Boolean).join(" · "))}
											{isIn(groups) && " · in the group"}
										</span>
									</>
								}
							/>
						))}
					</Stack>
				</fieldset>
				{found.isSuccess && items.length === 0 && <Text size="sm">No device matches.</Text>}
				{more > 0 && (
					<Text size="xs" c="dimmed">
						{found.data?.total_is_exact === false && "At least "}
						{count(more, "more device")}: type to narrow them down.
					</Text>
				)}
				<Group justify="flex-end" className={style.foot}>
					<Button variant="default" onClick={onClose}>
						Cancel
					</Button>
					<Button disabled={chosen.size === 0} loading={add.isPending} onClick={() => add.mutate()}>
						{chosen.size === 0 ? "Add devices" : `Add ${count(chosen.size, "device")}`}
					</Button>
				</Group>
			</Stack>
		</Drawer>
	);
}
