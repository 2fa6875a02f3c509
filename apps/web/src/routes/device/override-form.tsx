import { Button, Checkbox, Group, NumberInput, SimpleGrid, Stack, Text, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import type { SessionTimeouts } from "@netconductor/contracts/devices/connection";
import { type Device, type Override, OverrideInput } from "@netconductor/contracts/devices/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useApi, usePermitted } from "../../api/context.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { useContractForm } from "../../ui/form/use-contract-form.ts";
import { Loaded } from "../../ui/loaded.tsx";
import { Panel } from "../../ui/page.tsx";
import { CredentialSelect } from "../../ui/pick/credential-select.tsx";
import { ProblemAlert } from "../../ui/problem.tsx";
import { toastDone, toastProblem } from "../../ui/toast.tsx";
import { duration } from "../../ui/words.ts";

const waits = [
	["connect_ms", "Connect", 15],
	["auth_ms", "Log in", 20],
	["prompt_ms", "Prompt", 20],
	["command_ms", "Silence", 60],
] as const satisfies [keyof SessionTimeouts, string, number][];

/** Settings of this device that win over everything but what a run is told. */
export function OverrideForm({ device }: { device: Device }) {
	const api = useApi();
	const mayWrite = usePermitted()("devices:write");
	const [saved, setSaved] = useState(0);
	const query = useQuery({
		queryKey: ["overrides", device.id],
		queryFn: ({ signal }) => api.devices.getOverride({ params: { id: device.id } }, { signal }),
	});
	return (
		<Panel title="Override">
			<Text size="sm" c="dimmed" px="sm" pt="sm" maw={720}>
				What is set here wins over the device, its groups and the default, until it is removed: for a while without
				contact, another address or login, or a device that needs more time.
			</Text>
			<Loaded query={query}>
				{(override) =>
					mayWrite ? (
						<Fields key={saved} device={device} override={override} onSaved={() => setSaved(saved + 1)} />
					) : (
						<ReadOnly override={override} />
					)
				}
			</Loaded>
		</Panel>
	);
}

type Timeouts = Record<(typeof waits)[number][0], number | string>;

interface Values extends Record<string, unknown> {
	disabled: boolean;
	disabled_reason: string;
	host: string;
	port: number | string;
	credential_id: string | null;
	/** In seconds; empty: as usual. */
	timeouts: Timeouts;
}

function Fields({ device, override, onSaved }: { device: Device; override: Override; onSaved: () => void }) {
	const api = useApi();
	const queries = useQueryClient();
	const mayChoose = usePermitted()("credentials:read");
	const [asking, ask] = useDisclosure();
	const onDone = async (words: string) => {
		await queries.invalidateQueries({ queryKey: ["overrides"] });
		void queries.invalidateQueries({ queryKey: ["devices"] });
		toastDone(words);
		onSaved();
	};
	const form = useContractForm({
		initial: {
			disabled: override.disabled,
			disabled_reason: override.disabled_reason,
			host: override.host ?? "",
			port: override.port ?? "",
			credential_id: override.credential_id,
			timeouts: Object.fromEntries(
				waits.map(([name]) => [name, override.timeouts[name] === undefined ? "" : override.timeouts[name] / 1000]),
			) as Timeouts,
		} as Values,
		schema: OverrideInput,
		toBody: ({ disabled, disabled_reason, host, port, credential_id, timeouts }) => ({
			disabled,
			disabled_reason: disabled_reason.trim(),
			host: host.trim() || null,
			port: port === "" ? null : Number(port),
			credential_id,
			timeouts: Object.fromEntries(
				Object.entries(timeouts)
					.filter(([, seconds]) => seconds !== "")
					.map(([name, seconds]) => [name, Math.round(Number(seconds) * 1000)]),
			),
		}),
		send: (body) => api.devices.putOverride({ params: { id: device.id }, body }),
		about: { "credentials.not_found": "credential_id", "credentials.own": "credential_id" },
		onDone: () => void onDone(`The override of ${device.name} is saved`),
	});
	const remove = useMutation({
		mutationFn: () => api.devices.deleteOverride({ params: { id: device.id } }),
		onSuccess: () => onDone(`The override of ${device.name} is removed`),
		onError: toastProblem,
		onSettled: ask.close,
	});
	const { field } = form;
	const empty = isEmpty(override);
	return (
		<form className="nc-panel-body" onSubmit={form.submit} noValidate aria-label={`Override of ${device.name}`}>
			<Stack gap="sm" maw={720}>
				{form.problem !== undefined && <ProblemAlert error={form.problem} />}
				<Checkbox
					label="Nothing may touch this device"
					description="Runs leave it out, whatever they select."
					{...field("disabled", { type: "checkbox" })}
				/>
				{form.form.values.disabled && (
					<TextInput
						label="Why"
						placeholder="Hands off until the replacement has arrived"
						maxLength={500}
						{...field("disabled_reason")}
					/>
				)}
				<SimpleGrid cols={{ base: 1, xs: 3 }} spacing="sm">
					<TextInput label="Address" placeholder={device.host} maxLength={253} {...field("host")} />
					<NumberInput
						label="SSH port"
						placeholder={String(device.port)}
						allowDecimal={false}
						hideControls
						{...field("port")}
					/>
					{mayChoose && <CredentialSelect label="Credential" placeholder="As usual" {...field("credential_id")} />}
				</SimpleGrid>
				<SimpleGrid cols={{ base: 2, xs: 4 }} spacing="sm">
					{waits.map(([name, label, usual]) => (
						<NumberInput
							key={name}
							label={`${label} (s)`}
							placeholder={String(usual)}
							min={0.1}
							hideControls
							{...field(`timeouts.${name}`)}
						/>
					))}
				</SimpleGrid>
				<Text size="xs" c="dimmed">
					Longest waits: until connected, logged in, at a prompt, and while a command is silent.
				</Text>
				{form.form.errors.timeouts && (
					<Text size="xs" className="nc-bad">
						{form.form.errors.timeouts}: from 0.1 to 600 seconds, of a command to 3,600.
					</Text>
				)}
				<Group justify="space-between">
					{empty ? (
						<span />
					) : (
						<Button variant="subtle" color="red" onClick={ask.open}>
							Remove the override
						</Button>
					)}
					<Button type="submit" loading={form.saving} disabled={!form.dirty}>
						Save
					</Button>
				</Group>
			</Stack>
			<Confirm
				opened={asking}
				title={`Remove the override of ${device.name}?`}
				action="Remove the override"
				busy={remove.isPending}
				onConfirm={() => remove.mutate()}
				onClose={ask.close}
			>
				The device, its groups and the default decide again how it is reached
				{override.disabled ? ", and runs include it again." : "."}
			</Confirm>
		</form>
	);
}

function isEmpty({ disabled, host, port, credential_id, timeouts }: Override): boolean {
	return !disabled && host === null && port === null && credential_id === null && Object.keys(timeouts).length === 0;
}

function ReadOnly({ override }: { override: Override }) {
	if (isEmpty(override)) return <p className="nc-panel-body">Nothing is set: everything is as usual.</p>;
	const { disabled, disabled_reason, host, port, credential_id, timeouts } = override;
	return (
		<dl className="nc-facts nc-panel-body">
			{disabled && (
				<>
					<dt>Contact</dt>
					<dd>none{disabled_reason && `: ${visibleLine(disabled_reason)}`}</dd>
				</>
			)}
			{host !== null && (
				<>
					<dt>Address</dt>
					<dd className="nc-mono">{visibleLine(host)}</dd>
				</>
			)}
			{port !== null && (
				<>
					<dt>SSH port</dt>
					<dd>{port}</dd>
				</>
			)}
			{credential_id !== null && (
				<>
					<dt>Credential</dt>
					<dd>another one than usual</dd>
				</>
			)}
			{waits.map(([name, label]) => {
				const ms = timeouts[name];
				return (
					ms !== undefined && (
						<div key={name} style={{ display: "contents" }}>
							<dt>{label}</dt>
							<dd>{duration(ms)}</dd>
						</div>
					)
				);
			})}
		</dl>
	);
}
