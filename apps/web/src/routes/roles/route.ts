import { createRoute } from "@tanstack/react-router";
import { framed } from "../root.tsx";
import { RolesSearch } from "./search.ts";

export const rolesRoute = createRoute({
	getParentRoute: () => framed,
	path: "/roles",
	validateSearch: RolesSearch,
	staticData: { needs: "roles:read", menu: { section: "Administration", at: 2, label: "Roles", icon: "shield" } },
}).lazy(() => import("./page.tsx").then(({ route }) => route));
