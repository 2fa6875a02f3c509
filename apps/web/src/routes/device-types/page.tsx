import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { useApi, usePermitted } from "../../api/context.tsx";
import { Empty } from "../../ui/empty.tsx";
import { Icon } from "../../ui/icon.tsx";
import { ButtonLink } from "../../ui/link.tsx";
import { Page } from "../../ui/page.tsx";
import { TruthChoice } from "../../ui/table/choice.tsx";
import { DataTable } from "../../ui/table/data-table.tsx";
import { usePagedList } from "../../ui/table/list-source.ts";
import { SearchField } from "../../ui/table/search-field.tsx";
import { columns } from "./columns.tsx";

export const route = createLazyRoute("/signed-in/framed/device-types")({ component: DeviceTypesPage });
const { useSearch, useNavigate } = getRouteApi("/signed-in/framed/device-types");

function DeviceTypesPage() {
	const api = useApi();
	const navigate = useNavigate();
	const mayWrite = usePermitted()("devices:write");
	const search = useSearch();
	const list = usePagedList("device_types", search, (query, signal) =>
		api.devices.listDeviceTypes({ query }, { signal }),
	);
	const show = (change: Partial<typeof search>) =>
		void navigate({ search: (before) => ({ ...before, page: undefined, ...change }), replace: true });
	return (
		<Page
			title="Device types"
			actions={
				mayWrite && (
					<ButtonLink to="/add-device-type" leftSection={<Icon name="plus" size={14} />}>
						Add device type
					</ButtonLink>
				)
			}
		>
			<DataTable
				name="device types"
				noun="device type"
				columns={columns}
				rowId={({ id }) => id}
				rowName={({ label }) => label}
				source={list}
				sort={search.sort ?? "label"}
				onSort={(sort) => show({ sort: sort as typeof search.sort })}
				onPage={show}
				filters={
					<>
						<SearchField
							label="Search device types"
							placeholder="Name, id, vendor…"
							q={search.q}
							onSearch={(q) => show({ q })}
						/>
						<TruthChoice
							label="Origin"
							any="Any origin"
							yes="Built in"
							no="Custom"
							value={search.built_in}
							onChange={(built_in) => show({ built_in })}
						/>
					</>
				}
				empty={
					<Empty
						title="No device type matches"
						actions={
							<ButtonLink variant="default" to="/device-types">
								Show all
							</ButtonLink>
						}
					>
						{search.built_in === "false" &&
							search.q === undefined &&
							"A custom type teaches NetConductor another operating system, or a built-in one differently. Start from the one that is most alike."}
					</Empty>
				}
			/>
		</Page>
	);
}
