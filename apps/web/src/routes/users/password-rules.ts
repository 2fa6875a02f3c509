import { useQuery } from "@tanstack/react-query";
import { useApi } from "../../api/context.tsx";
import { signInQuery } from "../../shell/sign-in-query.ts";

/** The fewest characters that a password may have; what the contract asks for until the server has answered. */
export function useShortestPassword(): number {
	return useQuery(signInQuery(useApi())).data?.password_min_length ?? 12;
}
