import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useQuery } from "@tanstack/react-query";
import { useApi, usePermitted } from "../../api/context.tsx";

/** The name of a device that is known by its id alone; the beginning of the id where the role may not see devices, or it is gone. */
export function DeviceName({ id }: { id: string }) {
	const api = useApi();
	const mayRead = usePermitted()("devices:read");
	const { data } = useQuery({
		queryKey: ["devices", "name", id],
		queryFn: async ({ signal }) => (await api.devices.getDevice({ params: { id } }, { signal })).name,
		enabled: mayRead,
		retry: false,
	});
	return data === undefined ? <span className="nc-mono">{id.slice(0, 8)}…</span> : visibleLine(data);
}
