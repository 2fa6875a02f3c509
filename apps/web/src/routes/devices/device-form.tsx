import {
	Autocomplete,
	Checkbox,
	NumberInput,
	PasswordInput,
	SegmentedControl,
	Select,
	SimpleGrid,
	TagsInput,
	Text,
	Textarea,
	TextInput,
} from "@mantine/core";
import { type Device, DeviceChange, NewDevice } from "@netconductor/contracts/devices/model";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useApi, usePermitted } from "../../api/context.tsx";
import { DevicePicker } from "../../ui/device-picker.tsx";
import { FormDrawer } from "../../ui/form/form-drawer.tsx";
import { useContractForm } from "../../ui/form/use-contract-form.ts";
import { CredentialSelect, useCredentials } from "../../ui/pick/credential-select.tsx";
import { WorkerPoolField } from "../../ui/pick/worker-pool-field.tsx";
import { toastDone, toastProblem, toastRun } from "../../ui/toast.tsx";
import { useDeviceSummary } from "./device-summary.ts";
import { bodyOf, type DeviceValues, valuesOf } from "./device-values.ts";

/** Adds a device, or changes `device`. Give it another `key` at each opening. */
export function DeviceForm({
	device: given,
	opened,
	onClose,
}: {
	device?: Device | undefined;
	opened: boolean;
	onClose: () => void;
}) {
	// What it was when the form was opened: what somebody else changes meanwhile is not undone by saving.
	const [device] = useState(given);
	const api = useApi();
	const queries = useQueryClient();
	const permitted = usePermitted();
	const mayTest = permitted("devices:test");
	const types = useQuery({
		queryKey: ["device_types", "all"],
		queryFn: ({ signal }) => api.devices.listDeviceTypes({ query: { page_size: 500 } }, { signal }),
		enabled: opened,
	});
	const credentials = useCredentials();
	const known = useDeviceSummary().data;
	const form = useContractForm({
		initial: valuesOf(device),
		schema: device === undefined ? NewDevice : DeviceChange,
		toBody: (values) => bodyOf(values, device),
		send: (body) =>
			device === undefined
				? api.devices.createDevice({
						body: { ...body, name: body.name ?? "", host: body.host ?? "", device_type: body.device_type ?? "" },
					})
				: api.devices.updateDevice({ params: { id: device.id }, body }),
		about: {
			"devices.name_taken": "name",
			"devices.unknown_type": "device_type",
			"devices.jump_loop": "jump_device_id",
			"devices.incomplete_login": "password",
			"credentials.not_found": "credential_id",
			"credentials.own": "credential_id",
		},
		onDone: (saved, values) => {
			void queries.invalidateQueries({ queryKey: ["devices"] });
			onClose();
			if (device !== undefined) return toastDone(`${saved.name} is changed`);
			if (!values.test || !mayTest || !saved.enabled) return toastDone(`${saved.name} is added`);
			api.devices.testDevice({ params: { id: saved.id } }).then(
				({ run_id }) => toastRun(`${saved.name} is added; testing it`, run_id),
				(error: unknown) => {
					toastDone(`${saved.name} is added`);
					toastProblem(error);
				},
			);
		},
	});
	const { field } = form;
	const { login, tags, groups, jump_device_id } = form.form.values;
	const had = valuesOf(device).login;
	const mayChoose = permitted("credentials:read") && (credentials.data?.length ?? 0) > 0;

	return (
		<FormDrawer
			opened={opened}
			onClose={onClose}
			title={device === undefined ? "Add a device" : `Edit ${device.name}`}
			action={device === undefined ? "Add device" : "Save"}
			form={form}
			beside={
				device === undefined && mayTest ? (
					<Checkbox size="xs" label="Test the connection after adding" {...field("test", { type: "checkbox" })} />
				) : undefined
			}
		>
			<SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
				<TextInput label="Name" withAsterisk data-autofocus maxLength={253} {...field("name")} />
				<Select
					label="Type"
					withAsterisk
					searchable
					placeholder="What runs on it"
					nothingFoundMessage={types.isError ? "The types could not be read" : "No such type"}
					data={(types.data?.items ?? []).map(({ id, label }) => ({ value: id, label }))}
					{...field("device_type")}
				/>
				<TextInput
					label="Address"
					withAsterisk
					placeholder="192.0.2.7 or a DNS name"
					maxLength={253}
					{...field("host")}
				/>
				<NumberInput label="SSH port" allowDecimal={false} hideControls {...field("port")} />
			</SimpleGrid>
			<div>
				<Text component="span" size="sm" fw={500} id="login-kind">
					Login
				</Text>
				<SegmentedControl
					fullWidth
					size="xs"
					mt={4}
					aria-labelledby="login-kind"
					data={[
						{ value: "own", label: "Own" },
						{ value: "stored", label: "Stored credential", disabled: !mayChoose && had !== "stored" },
						{ value: "none", label: "Default" },
					]}
					{...field("login")}
					onChange={(value) => form.form.setFieldValue("login", value as DeviceValues["login"])}
				/>
			</div>
			{login === "own" && (
				<SimpleGrid cols={{ base: 1, xs: 3 }} spacing="sm">
					<TextInput
						label="User name"
						autoComplete="off"
						placeholder={had === "own" && device !== undefined ? "unchanged" : ""}
						{...field("username")}
					/>
					<PasswordInput
						label="Password"
						autoComplete="new-password"
						placeholder={had === "own" && device !== undefined ? "unchanged" : ""}
						{...field("password")}
					/>
					<PasswordInput
						label="Enable password"
						autoComplete="new-password"
						placeholder={had === "own" && device !== undefined ? "unchanged" : ""}
						{...field("enable_password")}
					/>
				</SimpleGrid>
			)}
			{login === "none" && (
				<Text size="xs" c="dimmed">
					The credential of its group applies, or else the default one.
				</Text>
			)}
			{login === "stored" &&
				(mayChoose ? (
					<CredentialSelect label="Credential" {...field("credential_id")} />
				) : (
					<Text size="xs" c="dimmed">
						The stored credential stays as it is; your role may not see which one.
					</Text>
				))}
			{device !== undefined && had === "own" && login !== "own" && (
				<Text size="xs" c="dimmed">
					The device's own login is deleted when you save.
				</Text>
			)}
			<SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
				<Autocomplete
					label="Site"
					maxLength={100}
					data={(known?.by_site ?? []).map(({ value }) => value)}
					{...field("site")}
				/>
				<WorkerPoolField placeholder="As its groups say" {...field("worker_pool")} />
				<DevicePicker
					label="Reached through"
					heading="Reached through"
					size="sm"
					placeholder="No jump host"
					clearable
					device={jump_device_id === null ? undefined : { id: jump_device_id }}
					onPick={(picked) => form.form.setFieldValue("jump_device_id", picked?.id ?? null)}
					error={form.form.errors.jump_device_id}
					{...(device !== undefined && { without: new Set([device.id]) })}
				/>
				<TagsInput
					label="Tags"
					placeholder={tags.length === 0 ? "Enter after each" : ""}
					data={(known?.by_tag ?? []).map(({ value }) => value)}
					{...field("tags")}
				/>
				<TagsInput
					label="Groups"
					placeholder={groups.length === 0 ? "A new name makes a group" : ""}
					data={(known?.by_group ?? []).map(({ value }) => value)}
					{...field("groups")}
				/>
			</SimpleGrid>
			<Textarea label="Description" autosize minRows={2} maxRows={6} maxLength={2000} {...field("description")} />
			<Checkbox
				label="Enabled"
				description="Runs leave out a device that is not."
				{...field("enabled", { type: "checkbox" })}
			/>
			<Checkbox
				label="Allow outdated SSH algorithms"
				description="Only for devices that know no others: ssh-rsa with SHA-1, CBC ciphers, group1."
				{...field("legacy_algorithms", { type: "checkbox" })}
			/>
		</FormDrawer>
	);
}
