import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useQuery } from "@tanstack/react-query";
import { createLazyRoute, getRouteApi } from "@tanstack/react-router";
import { useApi } from "../../api/context.tsx";
import { ButtonLink } from "../../ui/link.tsx";
import { Page } from "../../ui/page.tsx";
import { InstanceTable } from "./instance-table.tsx";

export const route = createLazyRoute("/signed-in/framed/service-instances")({ component: ServiceInstancesPage });
const { useSearch, useNavigate } = getRouteApi("/signed-in/framed/service-instances");

function ServiceInstancesPage() {
	const { stack, device_id, ...wish } = useSearch();
	const navigate = useNavigate();
	const of = useOf(stack, device_id);
	return (
		<Page
			title={of === undefined ? "Service instances" : `Service instances ${of}`}
			actions={
				<>
					{of !== undefined && (
						<ButtonLink to="/service-instances" variant="default">
							All of them
						</ButtonLink>
					)}
					<ButtonLink to="/stacks" variant="default">
						Service stacks
					</ButtonLink>
				</>
			}
		>
			<InstanceTable
				of={{ stack, device_id }}
				wish={wish}
				onWish={(change) => void navigate({ search: (before) => ({ ...before, ...change }), replace: true })}
			/>
		</Page>
	);
}

/** What the list is narrowed to, in words. */
function useOf(stack: string | undefined, device_id: string | undefined): string | undefined {
	const api = useApi();
	const ofStack = useQuery({
		queryKey: ["stacks", "one", stack],
		queryFn: ({ signal }) => api.config.getStack({ params: { id: stack ?? "" } }, { signal }),
		enabled: stack !== undefined,
		retry: false,
	});
	const ofDevice = useQuery({
		queryKey: ["devices", device_id],
		queryFn: ({ signal }) => api.devices.getDevice({ params: { id: device_id ?? "" } }, { signal }),
		enabled: device_id !== undefined,
		retry: false,
	});
	const words = [
		stack !== undefined && `of ${ofStack.data?.name ?? "one stack"}`,
		device_id !== undefined && `on ${ofDevice.data?.name ?? "one device"}`,
	].filter((part) => part !== false);
	return words.length === 0 ? undefined : visibleLine(words.join(" "));
}
