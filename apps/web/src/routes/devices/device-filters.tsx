import { Health } from "@netconductor/contracts/devices/model";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import type { z } from "zod";
import { useCredentials } from "../../ui/pick/credential-select.tsx";
import { healthLooks } from "../../ui/state.tsx";
import { Choice, Choices, TruthChoice } from "../../ui/table/choice.tsx";
import { Filters } from "../../ui/table/filters.tsx";
import { valuesOf } from "../../ui/table/list-search.ts";
import { SearchField } from "../../ui/table/search-field.tsx";
import { useDeviceSummary } from "./device-summary.ts";
import type { DevicesSearch } from "./search.ts";

type Search = z.output<typeof DevicesSearch>;

const behind = ["group", "worker_pool", "enabled", "credential_id", "changed_host_key"] as const;
export const filterNames = ["health", "device_type", "site", "tag", ...behind] as const;

interface Counted {
	value: string;
	devices: number;
}

/** What there is to choose, with how many devices have it; and what the address asks for although no device has it. */
function options(counted: readonly Counted[] | undefined, chosen: readonly string[]) {
	const there = (counted ?? []).map(({ value, devices }) => ({ value, label: visibleLine(`${value} (${devices})`) }));
	const missing = chosen.filter((value) => !there.some((option) => option.value === value));
	return [...there, ...missing.map((value) => ({ value, label: visibleLine(value) }))];
}

/** Search and filters of the list of devices. */
export function DeviceFilters({ search, onFilter }: { search: Search; onFilter: (change: Partial<Search>) => void }) {
	const counted = useDeviceSummary().data;
	const credentials = useCredentials();
	const set = (names: readonly (keyof Search)[]) => names.filter((name) => search[name] !== undefined).length;
	const joined = (values: string[] | undefined) => values?.join(",");
	const health = valuesOf<z.infer<typeof Health>>(search.health);
	const types = valuesOf(search.device_type);
	const tags = valuesOf(search.tag);
	const groups = valuesOf(search.group);
	return (
		<Filters
			set={set(filterNames)}
			moreSet={set(behind)}
			search={
				<SearchField
					label="Search devices"
					placeholder="Name, address, site…"
					q={search.q}
					onSearch={(q) => onFilter({ q })}
				/>
			}
			more={
				<>
					<Choices
						label="Groups"
						any="Any group"
						options={options(counted?.by_group, groups)}
						value={groups}
						onChange={(values) => onFilter({ group: joined(values) })}
						width={150}
					/>
					{((counted?.by_worker_pool.length ?? 0) > 1 || search.worker_pool !== undefined) && (
						<Choice
							label="Worker pool"
							any="Any worker pool"
							options={options(counted?.by_worker_pool, search.worker_pool === undefined ? [] : [search.worker_pool])}
							value={search.worker_pool}
							onChange={(worker_pool) => onFilter({ worker_pool })}
							width={150}
						/>
					)}
					<TruthChoice
						label="Enabled"
						any="Enabled or not"
						yes="Enabled"
						no="Disabled"
						value={search.enabled}
						onChange={(enabled) => onFilter({ enabled })}
					/>
					<TruthChoice
						label="Host key"
						any="Any host key"
						yes="Changed, undecided"
						no="As accepted"
						value={search.changed_host_key}
						onChange={(changed_host_key) => onFilter({ changed_host_key })}
					/>
					{(credentials.data !== undefined || search.credential_id !== undefined) && (
						<Choice
							label="Credential"
							any="Any credential"
							options={[
								...(credentials.data ?? []).map(({ id, name }) => ({ value: id, label: visibleLine(name) })),
								...(search.credential_id === undefined ||
								credentials.data?.some(({ id }) => id === search.credential_id)
									? []
									: [{ value: search.credential_id, label: "One credential" }]),
							]}
							value={search.credential_id}
							onChange={(credential_id) => onFilter({ credential_id })}
							width={180}
						/>
					)}
				</>
			}
		>
			<Choices
				label="Health"
				any="Any health"
				options={Health.options.map((value) => ({
					value,
					label: `${healthLooks[value].word}${counted === undefined ? "" : ` (${counted.by_health[value]})`}`,
				}))}
				value={health}
				onChange={(values) => onFilter({ health: joined(values) })}
				width={130}
			/>
			<Choices
				label="Types"
				any="Any type"
				options={options(counted?.by_device_type, types)}
				value={types}
				onChange={(values) => onFilter({ device_type: joined(values) })}
				width={130}
			/>
			<Choice
				label="Site"
				any="Any site"
				options={options(counted?.by_site, search.site === undefined ? [] : [search.site])}
				value={search.site}
				onChange={(site) => onFilter({ site })}
				width={130}
			/>
			<Choices
				label="Tags"
				any="Any tag"
				options={options(counted?.by_tag, tags)}
				value={tags}
				onChange={(values) => onFilter({ tag: joined(values) })}
				width={130}
			/>
		</Filters>
	);
}
