import { Select, type SelectProps } from "@mantine/core";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { useQuery } from "@tanstack/react-query";
import { useApi, usePermitted } from "../../api/context.tsx";

/** Every credential that devices share; none where the role may not see them. */
export function useCredentials() {
	const api = useApi();
	const permitted = usePermitted()("credentials:read");
	return useQuery({
		queryKey: ["credentials", "all"],
		queryFn: ({ signal }) => api.devices.listCredentials({ query: { page_size: 500 } }, { signal }),
		enabled: permitted,
		select: ({ items }) => items,
	});
}

/** Choice of a stored credential. */
export function CredentialSelect(props: Omit<SelectProps, "data">) {
	const list = useCredentials();
	return (
		<Select
			searchable
			clearable
			clearButtonProps={{ "aria-label": "Choose none" }}
			nothingFoundMessage={list.isError ? "The credentials could not be read" : "No such credential"}
			{...props}
			data={(list.data ?? []).map(({ id, name, username, is_default }) => ({
				value: id,
				label: visibleLine(`${name} (${username})${is_default ? ", the default" : ""}`),
			}))}
		/>
	);
}
