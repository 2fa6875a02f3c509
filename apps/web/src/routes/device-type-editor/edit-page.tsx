import { useQuery } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { useApi } from "../../api/context.tsx";
import { ButtonLink } from "../../ui/link.tsx";
import { Loaded } from "../../ui/loaded.tsx";
import { Notice } from "../../ui/notice.tsx";
import { Page } from "../../ui/page.tsx";
import { Editor } from "./editor.tsx";

export const route = createLazyRoute("/signed-in/framed/device-types/$id/edit")({ component: EditDeviceTypePage });
const { useParams, useSearch, useNavigate } = getRouteApi("/signed-in/framed/device-types/$id/edit");

function EditDeviceTypePage() {
	const api = useApi();
	const navigate = useNavigate();
	const { id } = useParams();
	const { tab } = useSearch();
	const type = useQuery({
		queryKey: ["device_types", "one", id],
		queryFn: ({ signal }) => api.devices.getDeviceType({ params: { id } }, { signal }),
	});
	return (
		<Page title={`Edit ${type.data?.label ?? id}`}>
			<Loaded query={type} rows={12}>
				{({ built_in, definition, devices }) =>
					built_in ? (
						<Notice tone="warn" icon="lock" title="Built-in device types cannot be changed">
							<div>
								<ButtonLink to="/add-device-type" search={{ from: id }}>
									Copy as a custom type
								</ButtonLink>
							</div>
						</Notice>
					) : (
						<Editor
							key={id}
							id={id}
							devices={devices}
							initial={definition}
							action="Save"
							tab={tab}
							onTab={(value) => void navigate({ search: { tab: value }, replace: true })}
							save={(body) => api.devices.updateDeviceType({ params: { id }, body })}
						/>
					)
				}
			</Loaded>
		</Page>
	);
}
