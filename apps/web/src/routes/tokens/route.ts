import { createRoute } from "@tanstack/react-router";
import { framed } from "../root.tsx";
import { TokensSearch } from "./search.ts";

export const tokensRoute = createRoute({
	getParentRoute: () => framed,
	path: "/tokens",
	validateSearch: TokensSearch,
	staticData: { menu: { section: "Administration", at: 4, label: "API tokens", icon: "token" } },
}).lazy(() => import("./page.tsx").then(({ route }) => route));
