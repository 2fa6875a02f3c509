import type { Role } from "@netconductor/contracts/auth/model";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { useApi, usePermitted } from "../../api/context.tsx";

const most = 500;

/** All roles, to choose from and to name; none for who may not see them. */
export function useRoles(): { roles: readonly Role[]; label: (name: string) => string } {
	const api = useApi();
	const permitted = usePermitted();
	const { data } = useQuery({
		queryKey: ["roles", "all"],
		queryFn: ({ signal }) => api.auth.listRoles({ query: { page_size: most, sort: "created_at" } }, { signal }),
		enabled: permitted("roles:read"),
	});
	return useMemo(() => {
		const roles = data?.items ?? [];
		return { roles, label: (name) => roles.find((role) => role.name === name)?.label ?? name };
	}, [data]);
}
