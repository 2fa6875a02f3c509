import { InstanceState, type ServiceInstanceSummary } from "@netconductor/contracts/config/instances";
import type { StackValidation } from "@netconductor/contracts/config/stacks";
import { useMemo, useRef, useState } from "react";
import { useApi, usePermitted } from "../../api/context.tsx";
import { Empty, NothingMatches } from "../../ui/empty.tsx";
import { Choices } from "../../ui/table/choice.tsx";
import { DataTable } from "../../ui/table/data-table.tsx";
import { Filters } from "../../ui/table/filters.tsx";
import { valuesOf } from "../../ui/table/list-search.ts";
import { type ListSource, usePagedList } from "../../ui/table/list-source.ts";
import { SearchField } from "../../ui/table/search-field.tsx";
import { useSelection } from "../../ui/table/selection.ts";
import { DriftPanels } from "../stack/drift-panels.tsx";
import { BulkActions } from "./bulk-actions.tsx";
import { columnsOf } from "./columns.tsx";
import { InstanceDrawer } from "./instance-drawer.tsx";
import { instanceLooks } from "./looks.tsx";
import type { ServiceInstancesSearch } from "./search.ts";

type Wish = Omit<ServiceInstancesSearch, "stack" | "device_id">;

/** Services on devices: of all stacks, of one, or on one device. All that is chosen about the list stands in the page's address. */
export function InstanceTable({
	of,
	wish,
	onWish,
}: {
	of: { stack?: string | undefined; device_id?: string | undefined };
	wish: Wish;
	onWish: (change: Partial<Wish>) => void;
}) {
	const api = useApi();
	const permitted = usePermitted();
	const selection = useSelection();
	const [compared, setCompared] = useState<StackValidation>();
	const { page, page_size, q, sort, state, open } = wish;
	const list = usePagedList(
		"stacks",
		{ page, page_size, q, sort, state, ...of },
		(query, signal) =>
			api.config.listServiceInstances({ query: { ...query, state: valuesOf<InstanceState>(query.state) } }, { signal }),
		{ key: ["instances"], shows: ["templates"] },
	);
	const { source, known } = useKnown(list);
	const show = (change: Partial<Wish>) => onWish({ page: undefined, ...change });
	const ofOneStack = of.stack !== undefined;
	const ofOneDevice = of.device_id !== undefined;
	const openOne = useRef((id: string | undefined) => onWish({ open: id }));
	openOne.current = (id) => onWish({ open: id });
	const columns = useMemo(
		() => columnsOf({ onOpen: (id) => openOne.current(id), ofOneStack, ofOneDevice }),
		[ofOneStack, ofOneDevice],
	);
	const filtered = state !== undefined || q !== undefined;
	const mayAct = permitted("stacks:deploy") || permitted("stacks:write");
	return (
		<>
			<DataTable
				name="service instances"
				noun="service instance"
				columns={columns}
				rowId={({ id }) => id}
				rowName={({ service, device_name }) => `${service} on ${device_name}`}
				source={source}
				sort={sort ?? "device_name"}
				onSort={(next) => show({ sort: next as Wish["sort"] })}
				onPage={onWish}
				current={open}
				tone={(one) => (one.state === "failed" ? "bad" : one.state === "unknown" ? "warn" : undefined)}
				selection={mayAct ? selection : undefined}
				bulk={<BulkActions selection={selection} known={known} onCompared={setCompared} />}
				filters={
					<Filters
						set={state === undefined ? 0 : 1}
						search={
							<SearchField
								label="Search service instances"
								placeholder="Device, service, template…"
								q={q}
								onSearch={(text) => show({ q: text })}
							/>
						}
					>
						<Choices
							label="State"
							any="Any state"
							options={InstanceState.options.map((value) => ({ value, label: instanceLooks[value].word }))}
							value={valuesOf<InstanceState>(state)}
							onChange={(chosen) => show({ state: chosen?.join(",") })}
						/>
					</Filters>
				}
				empty={
					filtered ? (
						<NothingMatches
							title="No service instance matches"
							onShowAll={() => show({ q: undefined, state: undefined })}
						/>
					) : (
						<Empty title="Nothing is deployed yet">
							Each service of a stack stands here with each device that it was deployed to.{" "}
							{ofOneStack ? "Deploy the stack first." : "Deploy a service stack first."}
						</Empty>
					)
				}
			/>
			{compared !== undefined && <DriftPanels found={compared} onClose={() => setCompared(undefined)} />}
			<InstanceDrawer id={open} onClose={() => onWish({ open: undefined })} />
		</>
	);
}

/** The rows that were on the screen or chosen as a whole, also of pages left since. */
function useKnown(list: ListSource<ServiceInstanceSummary>) {
	const known = useRef(new Map<string, ServiceInstanceSummary>()).current;
	for (const row of list.rows ?? []) known.set(row.id, row);
	return {
		known,
		source: {
			...list,
			async *everything(signal?: AbortSignal) {
				for await (const rows of list.everything(signal)) {
					for (const row of rows) known.set(row.id, row);
					yield rows;
				}
			},
		},
	};
}
