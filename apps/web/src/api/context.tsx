import type { Me, User } from "@netconductor/contracts/auth/model";
import { isOpenTo, type Permission } from "@netconductor/contracts/auth/permissions";
import { queryOptions, useSuspenseQuery } from "@tanstack/react-query";
import { createContext, type ReactNode, use } from "react";
import type { z } from "zod";
import type { Api } from "./api.ts";
import type { Session } from "./session.ts";

interface Backend {
	api: Api;
	session: Session;
}

const BackendContext = createContext<Backend | undefined>(undefined);

export function BackendProvider({ api, session, children }: Backend & { children: ReactNode }) {
	return <BackendContext value={{ api, session }}>{children}</BackendContext>;
}

function useBackend(): Backend {
	const backend = use(BackendContext);
	if (backend === undefined) throw new TypeError("there is no BackendProvider above");
	return backend;
}

export function useApi(): Api {
	return useBackend().api;
}

export function useSession(): Session {
	return useBackend().session;
}

/** Who is signed in; the layout of the signed-in pages reads it before any of them shows. */
export function meQuery(api: Api) {
	return queryOptions({
		queryKey: ["me"],
		queryFn: async ({ signal }) => {
			const { user, ...me } = await api.auth.getMe({}, { signal });
			if (user === null) throw new TypeError("a service account has no session");
			return { ...me, user };
		},
		staleTime: 60_000,
	});
}

export function useMe(): z.infer<typeof Me> & { user: User } {
	return useSuspenseQuery(meQuery(useApi())).data;
}

/** Whether the role of who is signed in covers every device: what is about all of them together is offered to no other. */
export function useCoversAll(): boolean {
	return useMe().device_groups === null;
}

/**
 * Whether who is signed in holds a permission that opens something to them: what they may not do is not offered. The server decides all the same.
 */
export function usePermitted(): (permission: Permission) => boolean {
	const me = useMe();
	return (permission) => isOpenTo(me, permission);
}
