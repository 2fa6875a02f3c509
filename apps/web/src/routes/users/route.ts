import { createRoute } from "@tanstack/react-router";
import { framed } from "../root.tsx";
import { UsersSearch } from "./search.ts";

export const usersRoute = createRoute({
	getParentRoute: () => framed,
	path: "/users",
	validateSearch: UsersSearch,
	staticData: {
		needs: "users:read",
		menu: { section: "Administration", at: 1, label: "Users", icon: "users", key: "u" },
	},
}).lazy(() => import("./page.tsx").then(({ route }) => route));
