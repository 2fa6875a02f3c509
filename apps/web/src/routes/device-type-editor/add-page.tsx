import { Select } from "@mantine/core";
import type { PlatformInput } from "@netconductor/contracts/devices/platform";
import { useQuery } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { useApi } from "../../api/context.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { Page } from "../../ui/page.tsx";
import { Editor } from "./editor.tsx";

export const route = createLazyRoute("/signed-in/framed/add-device-type")({ component: AddDeviceTypePage });
const { useSearch, useNavigate } = getRouteApi("/signed-in/framed/add-device-type");

const mostTypes = 500;
const nothing = "generic_cli";

/** A new device type, from the definition of another. */
function AddDeviceTypePage() {
	const api = useApi();
	const navigate = useNavigate();
	const { from = nothing, tab } = useSearch();
	const types = useQuery({
		queryKey: ["device_types", "all"],
		queryFn: ({ signal }) => api.devices.listDeviceTypes({ query: { page_size: mostTypes } }, { signal }),
	}).data?.items;
	const base = useQuery({
		queryKey: ["device_types", "one", from],
		queryFn: ({ signal }) => api.devices.getDeviceType({ params: { id: from } }, { signal }),
	});
	return (
		<Page title="Add a device type">
			<Select
				label="Start from"
				description="The one that is most alike; what you changed below is then lost"
				searchable
				allowDeselect={false}
				maw={420}
				data={(types ?? []).map(({ id, label }) => ({ value: id, label }))}
				value={from}
				onChange={(id) =>
					id !== null && void navigate({ search: (before) => ({ ...before, from: id }), replace: true })
				}
			/>
			<Loaded query={base} rows={12}>
				{({ definition }) => (
					<Editor
						key={from}
						initial={copyOf(definition)}
						action="Add device type"
						tab={tab}
						onTab={(value) => void navigate({ search: (before) => ({ ...before, tab: value }), replace: true })}
						save={(body) => api.devices.createDeviceType({ body })}
					/>
				)}
			</Loaded>
		</Page>
	);
}

/** An id and a name of its own are the first things that a copy needs. */
function copyOf(definition: PlatformInput): PlatformInput {
	return { ...definition, id: "", label: `${definition.label} (custom)` };
}
