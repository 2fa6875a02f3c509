import { readFile, writeFile } from "node:fs/promises";
import { text as readAll } from "node:stream/consumers";
import { devicesApi } from "@netconductor/contracts/devices/api";
import type { ConnectionInUse, Device, ImportResult, Selection } from "@netconductor/contracts/devices/model";
import { type Command, Option } from "commander";
import { type Cli, confirmed, type Open } from "../cli.ts";
import { hasProblem, isNotForRole, usageFailure, workFailure } from "../failure.ts";
import { addListCommand, idsOf } from "../list-command.ts";
import { type Column, renderFields, renderTable } from "../output/table.ts";
import type { Style } from "../output/terminal.ts";
import { ago, count, duration, localTime } from "../output/words.ts";
import { addQueryOptions, collected, filtersOf, wholeNumber, yesOrNo } from "../query-options.ts";
import { findCredential, findDevice } from "../resolve.ts";
import { addSecretOption, readSecret } from "../secret-options.ts";
import { addSelectionOptions, type SelectionOptions, selectionOf } from "../selection.ts";
import { reportRun } from "./runs.ts";

const password = { flag: "password", label: "Password" };
const enablePassword = { flag: "enable-password", label: "Enable password" };

const healthStyles: Record<Device["health"], Style> = {
	unknown: "dim",
	reachable: "good",
	unreachable: "bad",
	auth_failed: "bad",
	host_key_changed: "bad",
	failing: "warning",
};

/** `devices`: the inventory. */
export function addDeviceCommands(program: Command, open: Open): void {
	const devices = program.command("devices").description("Devices: the inventory");
	addListCommand<Device>(devices, open, {
		description: "Devices",
		operation: devicesApi.operations.listDevices,
		read: (cli, query) => cli.clients.devices.listDevices({ query }),
		noun: "device",
		columns: [
			{ title: "NAME", value: ({ name }) => name },
			{ title: "HOST", value: ({ host, port }) => (port === 22 ? host : `${host}:${port}`) },
			{ title: "TYPE", value: ({ device_type }) => device_type },
			{
				title: "HEALTH",
				value: ({ enabled, health }) => (enabled ? health : "disabled"),
				style: ({ enabled, health }) => (enabled ? healthStyles[health] : "dim"),
			},
			{ title: "SEEN", value: ({ health_at }) => ago(health_at, new Date()) },
			{ title: "VERSION", value: ({ facts }) => facts.os_version },
			{ title: "SITE", value: ({ site }) => site },
			{ title: "TAGS", value: ({ tags }) => tags.join(" ") },
		],
	});
	addShow(devices, open);
	addAdd(devices, open);
	addEdit(devices, open);
	addDelete(devices, open);
	addImport(devices, open);
	addExport(devices, open);
	addTest(devices, open);
	addSwitch(devices, open, "enable");
	addSwitch(devices, open, "disable");
	addTrust(devices, open);
}

function addShow(devices: Command, open: Open): void {
	devices
		.command("show <device>")
		.description("One device with its facts, host key and latest contacts")
		.action(async (given: string, _options: unknown, self: Command) => {
			const cli = open(self);
			const device = await findDevice(cli, given);
			const params = { id: device.id };
			const [host_key, health, connection, credential, jump] = await Promise.all([
				cli.clients.devices.getHostKey({ params }).catch((error: unknown) => {
					if (hasProblem(error, "host_keys.not_found")) return null;
					throw error;
				}),
				cli.clients.devices.listDeviceHealth({ params, query: { limit: 5 } }),
				cli.clients.devices.getConnection({ params }),
				credentialName(cli, device),
				device.jump_device_id === null
					? undefined
					: cli.clients.devices.getDevice({ params: { id: device.jump_device_id } }).then(({ name }) => name),
			]);
			cli.print({ ...device, host_key, connection, health: device.health, latest_contacts: health.items }, () => {
				const fields = renderFields(
					[
						["Name", device.name],
						["Id", device.id],
						["Host", device.host],
						["Port", device.port],
						["Type", device.device_type],
						["Enabled", device.enabled],
						["Health", `${device.health}, ${ago(device.health_at, new Date())}`],
						["Error", device.health_error ?? undefined],
						["Site", device.site],
						["Worker pool", poolInUse(connection.worker_pool)],
						["Tags", device.tags.join(" ")],
						["Groups", device.groups.join(", ")],
						["Description", device.description],
						["Credential", credential],
						["Jump device", jump],
						["Sessions go to", `${connection.host}:${connection.port}`],
						["Sessions refused", connection.refused?.message],
						["Legacy algorithms", device.legacy_algorithms],
						...Object.entries(device.facts).map(([name, value]) => [`Fact ${name}`, value] as const),
						["Host key", host_key === null ? "none yet" : `${host_key.algorithm} ${host_key.fingerprint}`],
						["Presented key", host_key?.presented_fingerprint ?? undefined],
						["Added", localTime(device.created_at)],
						["Changed", localTime(device.updated_at)],
					],
					cli.terminal.paint,
				);
				if (health.items.length === 0) return fields;
				const columns: Column<(typeof health.items)[number]>[] = [
					{ title: "CONTACT", value: ({ at }) => localTime(at), whole: true },
					{ title: "HEALTH", value: (entry) => entry.health, style: (entry) => healthStyles[entry.health] },
					{
						title: "PHASES",
						value: ({ phases }) => phases.map(({ phase, ms }) => `${phase} ${duration(ms)}`).join(", "),
					},
					{ title: "ERROR", value: ({ error }) => error ?? "" },
				];
				return `${fields}\n${renderTable(columns, health.items, cli.terminal)}`;
			});
		});
}

function poolInUse({ name, from, group }: ConnectionInUse["worker_pool"]): string {
	return from === "device"
		? name
		: from === "group"
			? `${name}, from the group ${group}`
			: `${name}, as nothing says otherwise`;
}

/** Its name, or the id where the role may not see credentials. */
async function credentialName(cli: Cli, { credential_id }: Device): Promise<string | null> {
	if (credential_id === null) return null;
	try {
		const { name, device_id } = await cli.clients.devices.getCredential({ params: { id: credential_id } });
		return device_id === null ? name : "its own login";
	} catch (error) {
		if (isNotForRole(error) || hasProblem(error, "credentials.not_found")) return credential_id;
		throw error;
	}
}

interface DeviceOptions extends Record<string, unknown> {
	name?: string;
	host?: string;
	type?: string;
	port?: number;
	credential?: string;
	username?: string;
	jump?: string;
	legacyAlgorithms?: boolean;
	enabled?: boolean;
	site?: string;
	workerPool?: string;
	tag?: string[];
	group?: string[];
	description?: string;
}

function addDeviceOptions(command: Command): Command {
	command
		.option("--type <type>", "Device type, such as cisco_ios")
		.option("--port <port>", "TCP port", wholeNumber(1, 65_535))
		.option("--credential <credential>", 'Stored credential (name or id; "none" takes it away)')
		.option("--username <username>", "Login of this device alone, with a password")
		.option("--jump <device>", 'Device through which this one is reached ("none" takes it away)')
		.option("--legacy-algorithms <yes>", "Allow outdated SSH algorithms", yesOrNo)
		.option("--site <site>", "Site (an empty one takes it away)")
		.option("--worker-pool <pool>", "Workers that reach it (an empty one: as its groups say, else the default pool)")
		.option("--tag <tag>", "Tags; they replace the ones there are", collected)
		.option("--group <group>", "Groups by name; they replace the ones there are, missing ones are made", collected)
		.option("--description <text>", "Description");
	addSecretOption(command, password);
	addSecretOption(command, enablePassword);
	return command;
}

/** The fields that the options give; what was not given is absent. */
async function fieldsOf(cli: Cli, options: DeviceOptions) {
	const isNone = (given: string | undefined) => given === "none" || given === "";
	const { credential, jump, site, workerPool, username } = options;
	const secret = await readSecret(cli, options, {
		...password,
		ask: username !== undefined && cli.prompts.interactive,
	});
	const enable_password = await readSecret(cli, options, enablePassword);
	return {
		device_type: options.type,
		port: options.port,
		legacy_algorithms: options.legacyAlgorithms,
		tags: options.tag?.filter((tag) => tag !== ""),
		groups: options.group?.filter((group) => group !== ""),
		description: options.description,
		site: site === "" ? null : site,
		worker_pool: workerPool === "" ? null : workerPool,
		username,
		password: secret,
		enable_password,
		credential_id:
			credential === undefined ? undefined : isNone(credential) ? null : (await findCredential(cli, credential)).id,
		jump_device_id: jump === undefined ? undefined : isNone(jump) ? null : (await findDevice(cli, jump)).id,
	};
}

function addAdd(devices: Command, open: Open): void {
	addDeviceOptions(devices.command("add <name> <host>"))
		.description("Add a device")
		.option("--disabled", "Add it without anything touching it yet")
		.option("--test", "Test the connection at once")
		.action(
			async (
				name: string,
				host: string,
				options: DeviceOptions & { disabled?: boolean; test?: boolean },
				self: Command,
			) => {
				const cli = open(self);
				const { device_type, ...fields } = await fieldsOf(cli, options);
				if (device_type === undefined) {
					throw usageFailure(
						"Which kind of device is it? Give --type.",
						"`netconductor device-types list` shows the types there are.",
					);
				}
				const enabled = options.disabled ? false : undefined;
				const device = await cli.clients.devices.createDevice({
					body: { name, host, device_type, enabled, ...fields },
				});
				if (options.test)
					return reportRun(cli, await cli.clients.devices.testDevice({ params: { id: device.id } }), true);
				cli.print(
					device,
					() => `Added ${device.name} (${device.id}). Test it: \`netconductor devices test ${device.name}\`\n`,
				);
			},
		);
}

function addEdit(devices: Command, open: Open): void {
	addDeviceOptions(devices.command("edit <device>"))
		.description("Change a device; what is not named stays")
		.option("--name <name>", "New name")
		.option("--host <host>", "New address")
		.option("--enabled <yes>", "Whether runs may touch it", yesOrNo)
		.action(async (given: string, options: DeviceOptions, self: Command) => {
			const cli = open(self);
			const { name, host, enabled } = options;
			const body = { name, host, enabled, ...(await fieldsOf(cli, options)) };
			if (Object.values(body).every((value) => value === undefined)) throw usageFailure("Nothing to change was given.");
			const { id } = await findDevice(cli, given);
			const device = await cli.clients.devices.updateDevice({ params: { id }, body });
			cli.print(device, () => `Changed ${device.name}.\n`);
		});
}

function addDelete(devices: Command, open: Open): void {
	devices
		.command("delete <devices...>")
		.description("Delete devices; their backups stay until their retention ends")
		.option("--yes", "Do not ask")
		.action(async (names: string[], { yes }: { yes?: boolean }, self: Command) => {
			const cli = open(self);
			const found = await Promise.all(names.map((name) => findDevice(cli, name)));
			if (!(await confirmed(cli, yes, `Delete ${found.map(({ name }) => name).join(", ")}?`))) return;
			const device_ids = found.map(({ id }) => id);
			const answer = await cli.clients.devices.updateDevices({
				body: { select: { device_ids }, action: { kind: "delete" } },
			});
			cli.print(answer, () => `Deleted ${count(answer.changed, "device")}.\n`);
		});
}

function addSwitch(devices: Command, open: Open, kind: "enable" | "disable"): void {
	const command = devices
		.command(`${kind} [devices...]`)
		.description(kind === "enable" ? "Let runs touch devices again" : "Keep every run away from devices");
	addSelectionOptions(command);
	command.action(async (names: string[], options: SelectionOptions, self: Command) => {
		const cli = open(self);
		const select = await selectionOf(cli, names, options);
		const answer = await cli.clients.devices.updateDevices({ body: { select, action: { kind } } });
		cli.print(answer, () => `${kind === "enable" ? "Enabled" : "Disabled"} ${count(answer.changed, "device")}.\n`);
	});
}

function addTest(devices: Command, open: Open): void {
	const command = devices
		.command("test [devices...]")
		.description("Test the connection to devices and read their facts")
		.option("--no-wait", "Only start it");
	addSelectionOptions(command);
	command.action(async (names: string[], options: SelectionOptions & { wait: boolean }, self: Command) => {
		const cli = open(self);
		const select: Selection = await selectionOf(cli, names, options);
		await reportRun(cli, await cli.clients.devices.testDevices({ body: { select } }), options.wait);
	});
}

interface ImportOptions {
	format?: "csv" | "json";
	dryRun?: boolean;
	column?: string[];
}

function addImport(devices: Command, open: Open): void {
	devices
		.command("import <file>")
		.description("Import devices from CSV or JSON, all rows or none; - reads standard input")
		.addOption(new Option("--format <format>", "Format (default: by the file's name)").choices(["csv", "json"]))
		.option("--dry-run", "Only say what would happen")
		.option(
			"--column <header=field>",
			"Header in the file that stands for a field; HEADER= leaves the column out",
			collected,
		)
		.addHelpText("after", `\n${devicesApi.operations.importDevices.description}`)
		.action(async (file: string, { format, dryRun, column = [] }: ImportOptions, self: Command) => {
			const cli = open(self);
			const content = file === "-" ? await readAll(process.stdin) : await readText(file);
			const columns = Object.fromEntries(column.map(splitColumn));
			const result = await cli.clients.devices.importDevices({
				body: {
					format: format ?? (/\.json$/i.test(file) ? "json" : "csv"),
					content,
					dry_run: dryRun === true,
					...(column.length > 0 && { columns }),
				},
			});
			cli.print(result, () => renderImport(cli, result));
			if (result.problems.length > 0) {
				throw workFailure(
					"devices.import_invalid",
					"The file has problems; nothing would be imported",
					count(result.problems.length, "problem"),
				);
			}
		});
}

async function readText(file: string): Promise<string> {
	try {
		return await readFile(file, "utf8");
	} catch (error) {
		throw usageFailure(`${file} cannot be read: ${(error as Error).message}`);
	}
}

function splitColumn(given: string): [string, string] {
	const at = given.lastIndexOf("=");
	if (at < 1) throw usageFailure(`--column ${given}: give HEADER=FIELD.`);
	return [given.slice(0, at), given.slice(at + 1)];
}

function renderImport(cli: Cli, result: ImportResult): string {
	const { terminal } = cli;
	const would = result.dry_run ? "would be " : "";
	const changes = result.changes.filter(({ action }) => action !== "unchanged").slice(0, 50);
	const tables = [
		result.problems.length === 0
			? ""
			: renderTable(
					[
						{ title: "ROW", value: ({ row }) => row, align: "right" },
						{ title: "LINE", value: ({ line }) => line, align: "right" },
						{ title: "COLUMN", value: ({ column }) => column },
						{ title: "PROBLEM", value: ({ message }) => message, style: () => "bad" },
					],
					result.problems,
					terminal,
				),
		changes.length === 0
			? ""
			: renderTable(
					[
						{ title: "ROW", value: ({ row }) => row, align: "right" },
						{ title: "DEVICE", value: ({ name }) => name },
						{ title: "ACTION", value: ({ action }) => action },
						{
							title: "FIELDS",
							value: ({ action, fields }) => (action === "update" ? Object.keys(fields).join(", ") : ""),
						},
					],
					changes,
					terminal,
				),
	];
	return `${tables.filter(Boolean).join("\n")}${count(result.rows, "row")}: ${result.created} ${would}created, ${result.updated} ${would}updated, ${result.unchanged} unchanged\n`;
}

function addExport(devices: Command, open: Open): void {
	const { query } = devicesApi.operations.exportDevices;
	const command = devices
		.command("export")
		.description("Export devices without secrets; `devices import` takes it back")
		.option("-o, --output <file>", "File to write (default: standard output)");
	addQueryOptions(command, query);
	command.action(async (options: Record<string, unknown> & { output?: string }, self: Command) => {
		const cli = open(self);
		const text = await cli.clients.devices.exportDevices({
			query: { ...filtersOf(query, options), ...(await idsOf(cli, options)), ...(cli.json && { format: "json" }) },
		});
		if (options.output === undefined) return cli.terminal.out(text);
		await writeFile(options.output, text);
		cli.note(`Wrote ${options.output}.`);
	});
}

interface TrustOptions {
	fingerprint?: string;
	forget?: boolean;
	reject?: boolean;
	yes?: boolean;
}

function addTrust(devices: Command, open: Open): void {
	devices
		.command("trust <device>")
		.description("Accept the new host key of a device, after looking at it")
		.option("--fingerprint <fingerprint>", "The key you expect, SHA256:…; accepted without asking when it is presented")
		.option("--forget", "Forget the known key instead: the next contact trusts the one presented then")
		.addOption(
			new Option("--reject", "Refuse the presented key instead: the accepted one stays").conflicts([
				"forget",
				"fingerprint",
			]),
		)
		.option("--yes", "Do not ask")
		.action(async (given: string, options: TrustOptions, self: Command) => {
			const cli = open(self);
			const device = await findDevice(cli, given);
			const params = { id: device.id };
			const key = await cli.clients.devices.getHostKey({ params });
			if (!cli.json) {
				cli.terminal.err(
					renderFields(
						[
							["Device", `${device.name} (${device.host}:${device.port})`],
							["Accepted key", `${key.algorithm} ${key.fingerprint}`],
							["Accepted by", `${key.accepted_by}, ${localTime(key.accepted_at)}`],
							[
								"Presented key",
								key.presented_fingerprint === null
									? "the accepted one"
									: `${key.presented_algorithm} ${key.presented_fingerprint}, ${localTime(key.presented_at)}`,
							],
						],
						cli.terminal.paintErr,
					),
				);
			}
			if (options.forget) {
				if (!(await confirmed(cli, options.yes, `Forget the key of ${device.name}?`))) return;
				await cli.clients.devices.forgetHostKey({ params });
				return cli.print({ device_id: device.id, forgotten: true }, () => `The key of ${device.name} is forgotten.\n`);
			}
			const presented = key.presented_fingerprint;
			if (presented === null)
				return cli.print(key, () => `${device.name} presents the key that is accepted already.\n`);
			if (options.reject) {
				if (!(await confirmed(cli, options.yes, "Refuse the presented key?"))) return;
				const kept = await cli.clients.devices.rejectHostKey({ params, body: { fingerprint: presented } });
				return cli.print(
					kept,
					() => `${presented} is refused. ${device.name} stays trusted with ${kept.fingerprint} alone.\n`,
				);
			}
			const expected = options.fingerprint;
			if (expected !== undefined && expected !== presented) {
				throw workFailure(
					"host_keys.fingerprint_differs",
					"The device presents another host key",
					`${device.name} presented ${presented}, not ${expected}. Nothing was accepted.`,
				);
			}
			if (expected === undefined && !(await confirmed(cli, options.yes, "Accept the presented key?"))) return;
			const accepted = await cli.clients.devices.acceptHostKey({ params, body: { fingerprint: presented } });
			cli.print(accepted, () => `${device.name} is trusted with ${accepted.fingerprint}.\n`);
		});
}
