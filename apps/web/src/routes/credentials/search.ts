import { ListCredentials } from "@netconductor/contracts/devices/model";
import { Id } from "@netconductor/contracts/kernel/ids";
import { listSearch, truth } from "../../ui/table/list-search.ts";

/** `own` shows those that belong to one device alone, too; `credential` is the one that is open. */
export const CredentialsSearch = listSearch(ListCredentials.shape.sort, { own: truth, credential: Id });
