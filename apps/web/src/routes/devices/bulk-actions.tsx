import { Autocomplete, Button, Group, Menu, SegmentedControl, TagsInput, Text } from "@mantine/core";
import { BulkAction } from "@netconductor/contracts/devices/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useApi, usePermitted } from "../../api/context.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { FormDrawer } from "../../ui/form/form-drawer.tsx";
import { useContractForm } from "../../ui/form/use-contract-form.ts";
import { useDrawer } from "../../ui/form/use-drawer.ts";
import { Icon } from "../../ui/icon.tsx";
import { CredentialSelect } from "../../ui/pick/credential-select.tsx";
import { WorkerPoolField } from "../../ui/pick/worker-pool-field.tsx";
import { useStartRuns } from "../../ui/start-runs.ts";
import type { Selection } from "../../ui/table/selection.ts";
import { toastDone, toastProblem } from "../../ui/toast.tsx";
import { count } from "../../ui/words.ts";
import { useDeviceSummary } from "./device-summary.ts";

type Kind = BulkAction["kind"];

const asked = {
	add_tags: { item: "Add tags", title: "Add tags to", action: "Add tags" },
	remove_tags: { item: "Remove tags", title: "Remove tags from", action: "Remove tags" },
	add_to_group: { item: "Add to a group", title: "Add to a group:", action: "Add to the group" },
	remove_from_group: { item: "Remove from a group", title: "Remove from a group:", action: "Remove from the group" },
	set_site: { item: "Set the site", title: "Set the site of", action: "Set the site" },
	set_worker_pool: { item: "Set the worker pool", title: "Set the worker pool of", action: "Set the worker pool" },
	set_credential: { item: "Set the credential", title: "Set the credential of", action: "Set the credential" },
} as const satisfies Partial<Record<Kind, object>>;
type Asked = keyof typeof asked;

const confirmed = {
	enable: { title: "Enable", action: "Enable", done: "enabled" },
	disable: { title: "Disable", action: "Disable", done: "disabled" },
	delete: { title: "Delete", action: "Delete", done: "deleted" },
} as const;
type Confirmed = keyof typeof confirmed;

const mostNames = 8;

/** What can be done with the chosen devices. `names` knows those that were on the screen. */
export function BulkActions({ selection, names }: { selection: Selection; names: ReadonlyMap<string, string> }) {
	const api = useApi();
	const queries = useQueryClient();
	const permitted = usePermitted();
	const { backUp, test } = useStartRuns();
	const [asking, setAsking] = useState<Confirmed>();
	const [kind, setKind] = useState<Asked>("add_tags");
	const drawer = useDrawer();
	const ids = [...selection.ids];
	const select = { device_ids: ids };
	const none = ids.length === 0;

	const act = useMutation({
		mutationFn: (kind: Confirmed) => api.devices.updateDevices({ body: { select, action: { kind } } }),
		onSuccess: ({ changed }, kind) => {
			void queries.invalidateQueries({ queryKey: ["devices"] });
			toastDone(
				changed === 0
					? `Nothing to do: they were ${confirmed[kind].done} already`
					: `${count(changed, "device")} ${confirmed[kind].done}`,
			);
			if (kind === "delete") selection.clear();
		},
		onError: toastProblem,
		onSettled: () => setAsking(undefined),
	});

	return (
		<>
			{permitted("devices:test") && (
				<Button variant="default" disabled={none} loading={test.isPending} onClick={() => test.mutate(select)}>
					Test
				</Button>
			)}
			{permitted("backups:run") && (
				<Button variant="default" disabled={none} loading={backUp.isPending} onClick={() => backUp.mutate(select)}>
					Back up selected
				</Button>
			)}
			{permitted("devices:write") && (
				<Menu position="bottom-end">
					<Menu.Target>
						<Button variant="default" disabled={none} rightSection={<Icon name="down" size={12} />}>
							Change
						</Button>
					</Menu.Target>
					<Menu.Dropdown>
						{(Object.keys(asked) as Asked[])
							.filter((one) => one !== "set_credential" || permitted("credentials:read"))
							.map((one) => (
								<Menu.Item
									key={one}
									onClick={() => {
										setKind(one);
										drawer.open();
									}}
								>
									{asked[one].item}
								</Menu.Item>
							))}
						<Menu.Divider />
						<Menu.Item onClick={() => act.mutate("enable")}>Enable</Menu.Item>
						<Menu.Item onClick={() => setAsking("disable")}>Disable</Menu.Item>
						<Menu.Divider />
						<Menu.Item color="red" leftSection={<Icon name="trash" size={14} />} onClick={() => setAsking("delete")}>
							Delete
						</Menu.Item>
					</Menu.Dropdown>
				</Menu>
			)}
			<ChangeDrawer
				key={drawer.key}
				kind={kind}
				ids={ids}
				names={names}
				opened={drawer.opened}
				onClose={drawer.close}
			/>
			<Confirm
				opened={asking !== undefined}
				title={`${asking === undefined ? "" : confirmed[asking].title} ${count(ids.length, "device")}?`}
				action={`${asking === undefined ? "" : confirmed[asking].action} ${count(ids.length, "device")}`}
				busy={act.isPending}
				{...(asking === "delete" && ids.length > 20 && { typed: String(ids.length) })}
				onConfirm={() => asking !== undefined && act.mutate(asking)}
				onClose={() => setAsking(undefined)}
			>
				<Names ids={ids} names={names} />
				{asking === "delete" && (
					<Text size="sm" mt="xs">
						They leave the inventory with their overrides, host keys and own logins. Their backups stay until retention
						deletes them.
					</Text>
				)}
				{asking === "disable" && (
					<Text size="sm" mt="xs">
						They stay in the inventory; runs, also scheduled ones, leave them out until they are enabled again.
					</Text>
				)}
			</Confirm>
		</>
	);
}

/** Which devices it is about, by name as far as that is short. */
function Names({ ids, names }: { ids: readonly string[]; names: ReadonlyMap<string, string> }) {
	const known = ids.flatMap((id) => names.get(id) ?? []).toSorted();
	const shown = known.slice(0, mostNames).map(visibleLine);
	const rest = ids.length - shown.length;
	return (
		<div className="nc-break">
			{shown.join(", ")}
			{rest > 0 && (shown.length === 0 ? count(rest, "device") : ` and ${count(rest, "more device")}`)}.
		</div>
	);
}

interface Values extends Record<string, unknown> {
	tags: string[];
	group: string;
	site: string;
	worker_pool: string;
	credential_id: string | null;
	credential: "stored" | "none";
}

function actionOf(kind: Asked, { tags, group, site, worker_pool, credential_id, credential }: Values): BulkAction {
	switch (kind) {
		case "add_tags":
		case "remove_tags":
			return { kind, tags };
		case "add_to_group":
		case "remove_from_group":
			return { kind, group: group.trim() };
		case "set_site":
			return { kind, site: site.trim() || null };
		case "set_worker_pool":
			return { kind, worker_pool: worker_pool.trim() || null };
		case "set_credential":
			return { kind, credential_id: credential === "none" ? null : (credential_id ?? "") };
	}
}

function ChangeDrawer({
	kind,
	ids,
	names,
	opened,
	onClose,
}: {
	kind: Asked;
	ids: readonly string[];
	names: ReadonlyMap<string, string>;
	opened: boolean;
	onClose: () => void;
}) {
	const api = useApi();
	const queries = useQueryClient();
	const known = useDeviceSummary().data;
	const form = useContractForm({
		initial: { tags: [], group: "", site: "", worker_pool: "", credential_id: null, credential: "stored" } as Values,
		schema: BulkAction,
		toBody: (values) => actionOf(kind, values),
		send: (action) => api.devices.updateDevices({ body: { select: { device_ids: [...ids] }, action } }),
		about: {
			"devices.too_many_tags": "tags",
			"device_groups.not_found": "group",
			"credentials.not_found": "credential_id",
			"credentials.own": "credential_id",
		},
		onDone: ({ changed }) => {
			void queries.invalidateQueries({ queryKey: ["devices"] });
			toastDone(changed === 0 ? "Nothing was left to change" : `${count(changed, "device")} changed`);
			onClose();
		},
	});
	const { title, action } = asked[kind];
	const groups = (known?.by_group ?? []).map(({ value }) => value);
	return (
		<FormDrawer
			opened={opened}
			onClose={onClose}
			title={`${title} ${count(ids.length, "device")}`}
			action={action}
			form={form}
		>
			<Text size="xs" c="dimmed" component="div">
				<Names ids={ids} names={names} />
			</Text>
			{(kind === "add_tags" || kind === "remove_tags") && (
				<TagsInput
					label="Tags"
					withAsterisk
					data-autofocus
					placeholder="Enter after each"
					data={(known?.by_tag ?? []).map(({ value }) => value)}
					{...form.field("tags")}
				/>
			)}
			{(kind === "add_to_group" || kind === "remove_from_group") && (
				<Autocomplete
					label="Group"
					withAsterisk
					data-autofocus
					placeholder={kind === "add_to_group" ? "A new name makes a group" : ""}
					maxLength={100}
					data={groups}
					{...form.field("group")}
				/>
			)}
			{kind === "set_site" && (
				<Autocomplete
					label="Site"
					data-autofocus
					placeholder="Empty: no site"
					maxLength={100}
					data={(known?.by_site ?? []).map(({ value }) => value)}
					{...form.field("site")}
				/>
			)}
			{kind === "set_worker_pool" && (
				<WorkerPoolField
					data-autofocus
					placeholder="Empty: as their groups say"
					description="Workers that reach these devices."
					{...form.field("worker_pool")}
				/>
			)}
			{kind === "set_credential" && (
				<>
					<Group>
						<SegmentedControl
							size="xs"
							aria-label="Which credential"
							data={[
								{ value: "stored", label: "A stored one" },
								{ value: "none", label: "None of their own" },
							]}
							{...form.field("credential")}
						/>
					</Group>
					{form.form.values.credential === "stored" ? (
						<CredentialSelect label="Credential" withAsterisk {...form.field("credential_id")} />
					) : (
						<Text size="sm">The credential of their groups applies, or else the default one.</Text>
					)}
					<Text size="xs" c="dimmed">
						Own logins of these devices are deleted.
					</Text>
				</>
			)}
		</FormDrawer>
	);
}
