import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { useApi, usePermitted } from "../../api/context.tsx";
import { useStartRuns } from "../../ui/start-runs.ts";
import { healthLooks, runLooks } from "../../ui/state.tsx";
import { count } from "../../ui/words.ts";
import type { Entry, Group } from "./entry.ts";
import { verbOf } from "./match.ts";

const devicesShown = 6;
const groupsShown = 3;
const runsShown = 4;
const mopsShown = 3;
const configsShown = 4;
// The contract's shortest search; of two letters almost every configuration holds some.
const shortestSearch = 3;

/** What the server knows of that name. A question that is no longer wanted is taken back. */
export function useFound(wanted: string): {
	/** Devices and groups of them. */
	named: Group[];
	others: Group[];
	searching: boolean;
	seeking: boolean;
	failed: unknown;
} {
	const api = useApi();
	const permitted = usePermitted();
	const { buildLocation } = useRouter();
	const { backUp, test } = useStartRuns();
	const { verb, rest } = verbOf(wanted);
	const mayVerb = verb === "open" || permitted(verb === "test" ? "devices:test" : "backups:run");
	const asks = wanted !== "";
	const asksRuns = asks && verb === "open" && permitted("runs:read");
	const asksMops = asks && verb === "open" && permitted("mops:read");
	const asksConfigs = wanted.length >= shortestSearch && verb === "open" && permitted("backups:read");
	const devices = useQuery({
		queryKey: ["devices", "find", rest],
		queryFn: ({ signal }) =>
			api.devices.listDevices({ query: { q: rest.slice(0, 200), page_size: devicesShown, count: "near" } }, { signal }),
		enabled: asks && mayVerb && permitted("devices:read"),
		placeholderData: keepPreviousData,
	});
	const deviceGroups = useQuery({
		queryKey: ["device_groups", "find", rest],
		queryFn: ({ signal }) =>
			api.devices.listGroups({ query: { q: rest.slice(0, 200), page_size: groupsShown } }, { signal }),
		enabled: asks && mayVerb && permitted("devices:read"),
		placeholderData: keepPreviousData,
	});
	const runs = useQuery({
		queryKey: ["runs", "find", wanted],
		queryFn: ({ signal }) => api.tasks.listRuns({ query: { q: wanted.slice(0, 200), limit: runsShown } }, { signal }),
		enabled: asksRuns,
		placeholderData: keepPreviousData,
	});
	const mops = useQuery({
		queryKey: ["mops", "find", wanted],
		queryFn: ({ signal }) =>
			api.config.listMops({ query: { q: wanted.slice(0, 200), page_size: mopsShown } }, { signal }),
		enabled: asksMops,
		placeholderData: keepPreviousData,
	});
	const configs = useQuery({
		queryKey: ["backups", "find", wanted],
		queryFn: ({ signal }) =>
			api.backup.searchConfigs({ query: { q: wanted.slice(0, 500), page_size: configsShown, context: 0 } }, { signal }),
		enabled: asksConfigs,
		placeholderData: keepPreviousData,
		retry: false,
	});
	if (!asks) return { named: [], others: [], searching: false, seeking: false, failed: undefined };

	const deviceEntries: Entry[] = ((mayVerb ? devices.data?.items : undefined) ?? []).map(
		({ id, name, host, health }) => {
			const beside = `${visibleLine(host)} · ${healthLooks[health].word}`;
			if (verb === "open") {
				const { href } = buildLocation({ to: "/devices/$id", params: { id } });
				return { id: `device ${id}`, label: visibleLine(name), icon: "device", beside, href };
			}
			return verb === "test"
				? {
						id: `test ${id}`,
						label: `Test ${visibleLine(name)}`,
						icon: "pulse",
						beside,
						run: () => test.mutate({ names: [name] }),
					}
				: {
						id: `back up ${id}`,
						label: `Back up ${visibleLine(name)}`,
						icon: "history",
						beside,
						run: () => backUp.mutate({ names: [name] }),
					};
		},
	);
	const groupEntries: Entry[] = ((mayVerb ? deviceGroups.data?.items : undefined) ?? []).map(
		({ id, name, devices: members }) => {
			const shared = { icon: "group" as const, beside: count(members, "device") };
			const shown = visibleLine(name);
			if (verb === "open") {
				return {
					id: `group ${id}`,
					label: shown,
					...shared,
					href: buildLocation({ to: "/groups/$id", params: { id } }).href,
				};
			}
			return verb === "test"
				? {
						id: `test group ${id}`,
						label: `Test the group ${shown}`,
						...shared,
						run: () => test.mutate({ groups: [name] }),
					}
				: {
						id: `back up group ${id}`,
						label: `Back up the group ${shown}`,
						...shared,
						run: () => backUp.mutate({ groups: [name] }),
					};
		},
	);
	const runEntries: Entry[] = ((asksRuns ? runs.data?.items : undefined) ?? []).map(
		({ id, title, status, created_at }) => ({
			id: `run ${id}`,
			label: visibleLine(title),
			icon: "run",
			beside: `${runLooks[status].word} · ${new Date(created_at).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" })}`,
			href: buildLocation({ to: "/runs/$id", params: { id } }).href,
		}),
	);
	const mopEntries: Entry[] = ((asksMops ? mops.data?.items : undefined) ?? []).map(({ id, name, steps }) => ({
		id: `procedure ${id}`,
		label: visibleLine(name),
		icon: "steps",
		beside: count(steps, "step"),
		href: buildLocation({ to: "/mops/$id", params: { id } }).href,
	}));
	const configEntries: Entry[] = ((asksConfigs ? configs.data?.items : undefined) ?? []).flatMap(
		({ device_id, device_name, backup_id, hits }) => {
			const [hit] = hits;
			if (hit === undefined) return [];
			return [
				{
					id: `config ${backup_id}`,
					label: visibleLine(hit.text.trim()),
					icon: "search" as const,
					beside: `${visibleLine(device_name)}, line ${hit.line}`,
					href: buildLocation({
						to: "/devices/$id",
						params: { id: device_id },
						search: { tab: "config", backup: backup_id, line: hit.line },
					}).href,
				},
			];
		},
	);
	if (wanted.length >= 2 && verb === "open" && permitted("backups:read")) {
		configEntries.push({
			id: "search all",
			label: `Search all configurations for “${visibleLine(wanted)}”`,
			icon: "search",
			href: buildLocation({ to: "/search", search: { q: wanted } }).href,
		});
	}
	const asked = [devices, deviceGroups, mops, runs, configs];
	return {
		named: [
			{ label: "Devices", entries: deviceEntries },
			{ label: "Groups", entries: groupEntries },
		],
		others: [
			{ label: "Procedures", entries: mopEntries },
			{ label: "Runs", entries: runEntries },
			{ label: "Configurations", entries: configEntries },
		],
		searching: asked.some(({ isFetching }) => isFetching),
		/** Devices and groups, which stand first, are those of a name before. */
		seeking: [devices, deviceGroups].some(({ isPlaceholderData, isLoading }) => isPlaceholderData || isLoading),
		failed: asked.find(({ error }) => error !== null)?.error,
	};
}
