import {
	Button,
	Checkbox,
	Group,
	Modal,
	NumberInput,
	PasswordInput,
	SegmentedControl,
	Select,
	SimpleGrid,
	Stack,
	TagsInput,
	Text,
	TextInput,
} from "@mantine/core";
import type { NewDevice } from "@netconductor/contracts/devices/model";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { z } from "zod";
import { useApi, usePermitted } from "../../api/context.tsx";
import { fieldErrors, ProblemAlert } from "../../ui/problem.tsx";
import { toastDone, toastProblem, toastRun } from "../../ui/toast.tsx";

type Login = "own" | "stored" | "none";

const start = {
	name: "",
	host: "",
	port: 22 as number | string,
	device_type: null as string | null,
	login: "own" as Login,
	credential_id: null as string | null,
	username: "",
	password: "",
	enable_password: "",
	site: "",
	tags: [] as string[],
	test: true,
};

const fields = [
	"name",
	"host",
	"port",
	"device_type",
	"credential_id",
	"username",
	"password",
	"enable_password",
	"site",
	"tags",
] as const;

/** Form for one device; what the server does not take stands beside its field. */
export function AddDevice({ opened, onClose }: { opened: boolean; onClose: () => void }) {
	const api = useApi();
	const queries = useQueryClient();
	const permitted = usePermitted();
	const [given, setGiven] = useState(start);
	const set = (change: Partial<typeof start>) => setGiven((before) => ({ ...before, ...change }));
	const mayTest = permitted("devices:test");

	const types = useQuery({
		queryKey: ["device-types"],
		queryFn: ({ signal }) => api.devices.listDeviceTypes({ query: { page_size: 500 } }, { signal }),
		enabled: opened,
	});
	const credentials = useQuery({
		queryKey: ["credentials"],
		queryFn: ({ signal }) => api.devices.listCredentials({ query: { page_size: 500 } }, { signal }),
		enabled: opened && permitted("credentials:read"),
	});
	const stored = credentials.data?.items ?? [];

	const create = useMutation({
		mutationFn: () => api.devices.createDevice({ body: bodyOf(given) }),
		onSuccess: async (device) => {
			void queries.invalidateQueries({ queryKey: ["devices"] });
			close();
			if (!given.test || !mayTest) return toastDone(`${device.name} is added`);
			await api.devices.testDevice({ params: { id: device.id } }).then(
				({ run_id }) => toastRun(`${device.name} is added; testing it`, run_id),
				(error: unknown) => {
					toastDone(`${device.name} is added`);
					toastProblem(error);
				},
			);
		},
	});
	const { at, rest } = fieldErrors(create.error, fields, {
		"devices.name_taken": "name",
		"devices.unknown_type": "device_type",
		"credentials.not_found": "credential_id",
		"credentials.own": "credential_id",
	});

	function close() {
		setGiven(start);
		create.reset();
		onClose();
	}

	function submit(event: FormEvent) {
		event.preventDefault();
		create.mutate();
	}

	return (
		<Modal opened={opened} onClose={close} title="Add a device" size="lg">
			<form onSubmit={submit} noValidate>
				<Stack gap="sm">
					{rest && <ProblemAlert error={create.error} />}
					<SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
						<TextInput
							label="Name"
							withAsterisk
							data-autofocus
							maxLength={253}
							value={given.name}
							error={at.name && (given.name.trim() === "" ? "Required" : at.name)}
							onChange={({ currentTarget }) => set({ name: currentTarget.value })}
						/>
						<Select
							label="Type"
							withAsterisk
							searchable
							placeholder="What runs on it"
							nothingFoundMessage="No such type"
							value={given.device_type}
							error={at.device_type && (given.device_type === null ? "Required" : at.device_type)}
							data={(types.data?.items ?? []).map(({ id, label }) => ({ value: id, label }))}
							onChange={(device_type) => set({ device_type })}
						/>
						<TextInput
							label="Address"
							withAsterisk
							placeholder="192.0.2.7, 2001:db8::7 or a DNS name"
							maxLength={253}
							value={given.host}
							error={at.host && (given.host.trim() === "" ? "Required" : at.host)}
							onChange={({ currentTarget }) => set({ host: currentTarget.value })}
						/>
						<NumberInput
							label="SSH port"
							allowDecimal={false}
							hideControls
							value={given.port}
							error={at.port}
							onChange={(port) => set({ port })}
						/>
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
							value={given.login}
							onChange={(login) => set({ login: login as Login })}
							data={[
								{ value: "own", label: "Own" },
								{ value: "stored", label: "Stored credential", disabled: stored.length === 0 },
								{ value: "none", label: "Default" },
							]}
						/>
					</div>
					{given.login === "own" && (
						<SimpleGrid cols={{ base: 1, xs: 3 }} spacing="sm">
							<TextInput
								label="User name"
								autoComplete="off"
								value={given.username}
								error={at.username}
								onChange={({ currentTarget }) => set({ username: currentTarget.value })}
							/>
							<PasswordInput
								label="Password"
								autoComplete="new-password"
								value={given.password}
								error={at.password}
								onChange={({ currentTarget }) => set({ password: currentTarget.value })}
							/>
							<PasswordInput
								label="Enable password"
								autoComplete="new-password"
								value={given.enable_password}
								error={at.enable_password}
								onChange={({ currentTarget }) => set({ enable_password: currentTarget.value })}
							/>
						</SimpleGrid>
					)}
					{given.login === "none" && (
						<Text size="xs" c="dimmed">
							The credential of its group applies, or else the default one.
						</Text>
					)}
					{given.login === "stored" && (
						<Select
							label="Credential"
							searchable
							value={given.credential_id}
							error={at.credential_id}
							data={stored.map(({ id, name, username }) => ({ value: id, label: `${name} (${username})` }))}
							onChange={(credential_id) => set({ credential_id })}
						/>
					)}
					<SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm">
						<TextInput
							label="Site"
							maxLength={100}
							value={given.site}
							error={at.site}
							onChange={({ currentTarget }) => set({ site: currentTarget.value })}
						/>
						<TagsInput
							label="Tags"
							placeholder={given.tags.length === 0 ? "Enter after each" : ""}
							value={given.tags}
							error={at.tags}
							onChange={(tags) => set({ tags })}
						/>
					</SimpleGrid>
					<Group justify="space-between" mt="sm">
						{mayTest ? (
							<Checkbox
								size="xs"
								label="Test the connection after adding"
								checked={given.test}
								onChange={({ currentTarget }) => set({ test: currentTarget.checked })}
							/>
						) : (
							<span />
						)}
						<Group gap="xs">
							<Button variant="default" onClick={close}>
								Cancel
							</Button>
							<Button type="submit" loading={create.isPending}>
								Add device
							</Button>
						</Group>
					</Group>
				</Stack>
			</form>
		</Modal>
	);
}

/** What was typed as the API takes it. What is missing is left to the server to say, beside the field. */
function bodyOf(given: typeof start): z.input<typeof NewDevice> {
	const { name, host, port, device_type, login, credential_id, username, password, enable_password, site, tags } =
		given;
	return {
		name: name.trim(),
		host: host.trim(),
		port: port === "" ? 22 : Number(port),
		device_type: device_type ?? "",
		site: site.trim() || null,
		tags,
		...(login === "stored" && { credential_id }),
		...(login === "own" && {
			username: username || undefined,
			password: password || undefined,
			enable_password: enable_password || undefined,
		}),
	};
}
