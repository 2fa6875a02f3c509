import { Pill } from "@mantine/core";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useQuery } from "@tanstack/react-query";
import type { z } from "zod";
import { useApi, usePermitted } from "../../api/context.tsx";
import { Choice } from "../../ui/table/choice.tsx";
import { Filters } from "../../ui/table/filters.tsx";
import { MomentField } from "../../ui/table/moment-field.tsx";
import { SearchField } from "../../ui/table/search-field.tsx";
import { outcomeOptions } from "./columns.tsx";
import { auditedOperations } from "./operations.ts";
import type { AuditSearch } from "./search.ts";

type Search = z.output<typeof AuditSearch>;

export const filterNames = ["actor", "operation", "outcome", "resource_type", "resource_id", "from", "to"] as const;

const resourceTypes = [
	"api_token",
	"backup",
	"backup_schedule",
	"credential",
	"device",
	"device_group",
	"device_override",
	"device_type",
	"host_key",
	"key_rotation",
	"role",
	"run",
	"service_account",
	"session",
	"settings",
	"simulated_network",
	"snapshot",
	"user",
	"view",
	"worker",
];

const services = ["worker"];
const mostUsers = 500;

export function AuditFilters({ search, onFilter }: { search: Search; onFilter: (change: Partial<Search>) => void }) {
	const api = useApi();
	const permitted = usePermitted();
	const users = useQuery({
		queryKey: ["users", "all"],
		queryFn: ({ signal }) => api.auth.listUsers({ query: { page_size: mostUsers } }, { signal }),
		enabled: permitted("users:read"),
	}).data?.items;
	const programs = useQuery({
		queryKey: ["service_accounts", "all"],
		queryFn: ({ signal }) => api.auth.listServiceAccounts({ query: { page_size: mostUsers } }, { signal }),
		enabled: permitted("service_accounts:read"),
	}).data?.items;
	const { actor, operation, outcome, resource_type, resource_id, from, to } = search;
	const behind = [resource_type, resource_id, from, to].filter((filter) => filter !== undefined).length;
	const people = [
		...(users ?? []).map(({ id, username }) => ({ value: id, label: visibleLine(username) })),
		...(programs ?? []).map(({ id, name }) => ({ value: id, label: `${visibleLine(name)} (service account)` })),
		...services.map((name) => ({ value: name, label: name })),
	];
	return (
		<Filters
			set={filterNames.filter((name) => search[name] !== undefined).length}
			moreSet={behind}
			search={
				<SearchField
					label="Search the trail"
					placeholder="Summary, name, id…"
					q={search.q}
					onSearch={(q) => onFilter({ q })}
				/>
			}
			more={
				<>
					<MomentField label="From" value={from} onChange={(value) => onFilter({ from: value })} />
					<MomentField label="To" value={to} onChange={(value) => onFilter({ to: value })} />
					<Choice
						label="Kind"
						any="On anything"
						options={withChosen(
							resourceTypes.map((value) => ({ value, label: value.replaceAll("_", " ") })),
							resource_type,
						)}
						value={resource_type}
						onChange={(value) => onFilter({ resource_type: value })}
					/>
					{resource_id !== undefined && (
						<Pill
							withRemoveButton
							removeButtonProps={{ "aria-label": "Show records on anything" }}
							onRemove={() => onFilter({ resource_id: undefined })}
						>
							Only on {visibleLine(resource_id)}
						</Pill>
					)}
				</>
			}
		>
			<Choice
				label="Who"
				any="Anybody"
				options={withChosen(people, actor)}
				value={actor}
				onChange={(value) => onFilter({ actor: value })}
				width={120}
			/>
			<Choice
				label="What"
				any="Anything"
				options={withChosen(auditedOperations, operation)}
				value={operation}
				onChange={(value) => onFilter({ operation: value })}
				width={190}
			/>
			<Choice
				label="Outcome"
				any="Any outcome"
				options={outcomeOptions}
				value={outcome}
				onChange={(value) => onFilter({ outcome: value })}
				width={130}
			/>
		</Filters>
	);
}

/** The options, and what the address asks for although it is none of them. */
function withChosen(options: readonly { value: string; label: string }[], chosen: string | undefined) {
	if (chosen === undefined || options.some(({ value }) => value === chosen)) return options;
	return [...options, { value: chosen, label: visibleLine(chosen) }];
}
