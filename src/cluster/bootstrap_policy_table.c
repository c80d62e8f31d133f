#include "cluster/bootstrap_policy_table.h"

#include <stddef.h>

const struct policy_role policy_roles[] = {
    {
        .name = "admin",
        .aggregates = "aggregate-to-admin",
    },
    {
        .name = "edit",
        .aggregates = "aggregate-to-edit",
        .aggregated_to = "aggregate-to-admin",
    },
    {
        .name = "view",
        .aggregates = "aggregate-to-view",
        .aggregated_to = "aggregate-to-edit",
    },
    {
        .name = "cluster-admin",
        .rules = "*|*|*;"
                 "*|*",
    },
    {
        .name = "system:aggregate-to-admin",
        .rules = "authorization.k8s.io|localsubjectaccessreviews|create;"
                 "rbac.authorization.k8s.io|rolebindings,roles|create,delete,deletecollection,get,list,patch,update,"
                 "watch",
        .aggregated_to = "aggregate-to-admin",
    },
    {
        .name = "system:aggregate-to-edit",
        .rules = "|pods/attach,pods/exec,pods/portforward,pods/proxy,secrets,services/proxy|get,list,watch;"
                 "|serviceaccounts|impersonate;"
                 "|pods,pods/attach,pods/exec,pods/portforward,pods/proxy|create,delete,deletecollection,patch,update;"
                 "|configmaps,endpoints,persistentvolumeclaims,replicationcontrollers,replicationcontrollers/scale,"
                 "secrets,serviceaccounts,services,services/proxy|create,delete,deletecollection,patch,update;"
                 "apps|daemonsets,deployments,deployments/rollback,deployments/scale,replicasets,replicasets/scale,"
                 "statefulsets,statefulsets/scale|create,delete,deletecollection,patch,update;"
                 "autoscaling|horizontalpodautoscalers|create,delete,deletecollection,patch,update;"
                 "batch|cronjobs,jobs|create,delete,deletecollection,patch,update;"
                 "extensions|daemonsets,deployments,deployments/rollback,deployments/scale,ingresses,networkpolicies,"
                 "replicasets,replicasets/scale,replicationcontrollers/scale|create,delete,deletecollection,patch,"
                 "update;"
                 "policy|poddisruptionbudgets|create,delete,deletecollection,patch,update;"
                 "networking.k8s.io|ingresses,networkpolicies|create,delete,deletecollection,patch,update",
        .aggregated_to = "aggregate-to-edit",
    },
    {
        .name = "system:aggregate-to-view",
        .rules = "|configmaps,endpoints,persistentvolumeclaims,persistentvolumeclaims/status,pods,"
                 "replicationcontrollers,replicationcontrollers/scale,serviceaccounts,services,services/status|get,"
                 "list,watch;"
                 "|bindings,events,limitranges,namespaces/status,pods/log,pods/status,replicationcontrollers/status,"
                 "resourcequotas,resourcequotas/status|get,list,watch;"
                 "|namespaces|get,list,watch;"
                 "apps|controllerrevisions,daemonsets,daemonsets/status,deployments,deployments/scale,"
                 "deployments/status,replicasets,replicasets/scale,replicasets/status,statefulsets,statefulsets/scale,"
                 "statefulsets/status|get,list,watch;"
                 "autoscaling|horizontalpodautoscalers,horizontalpodautoscalers/status|get,list,watch;"
                 "batch|cronjobs,cronjobs/status,jobs,jobs/status|get,list,watch;"
                 "extensions|daemonsets,daemonsets/status,deployments,deployments/scale,deployments/status,ingresses,"
                 "ingresses/status,networkpolicies,replicasets,replicasets/scale,replicasets/status,"
                 "replicationcontrollers/scale|get,list,watch;"
                 "policy|poddisruptionbudgets,poddisruptionbudgets/status|get,list,watch;"
                 "networking.k8s.io|ingresses,ingresses/status,networkpolicies|get,list,watch",
        .aggregated_to = "aggregate-to-view",
    },
    {
        .name = "system:auth-delegator",
        .rules = "authentication.k8s.io|tokenreviews|create;"
                 "authorization.k8s.io|subjectaccessreviews|create",
    },
    {
        .name = "system:basic-user",
        .rules = "authorization.k8s.io|selfsubjectaccessreviews,selfsubjectrulesreviews|create;"
                 "authentication.k8s.io|selfsubjectreviews|create",
    },
    {
        .name = "system:discovery",
        .rules = "/api,/api/*,/apis,/apis/*,/healthz,/livez,/openapi,/openapi/*,/readyz,/version,/version/|get",
    },
    {
        .name = "system:kube-aggregator",
        .rules = "|endpoints,services|get,list,watch",
    },
    {
        .name = "system:kubelet-api-admin",
        .rules = "|nodes|get,list,watch;"
                 "|nodes|proxy;"
                 "|nodes/log,nodes/metrics,nodes/proxy,nodes/spec,nodes/stats|*",
    },
    {
        .name = "system:monitoring",
        .rules = "/healthz,/healthz/*,/livez,/livez/*,/metrics,/readyz,/readyz/*|get",
    },
    {
        .name = "system:node",
        .rules = "authentication.k8s.io|tokenreviews|create;"
                 "authorization.k8s.io|localsubjectaccessreviews,subjectaccessreviews|create;"
                 "|services|get,list,watch;"
                 "|nodes|create,get,list,watch;"
                 "|nodes/status|patch,update;"
                 "|nodes|patch,update;"
                 "|events|create,patch,update;"
                 "|pods|get,list,watch;"
                 "|pods|create,delete;"
                 "|pods/status|patch,update;"
                 "|pods/eviction|create;"
                 "|configmaps,secrets|get,list,watch;"
                 "|persistentvolumeclaims,persistentvolumes|get;"
                 "|endpoints|get;"
                 "certificates.k8s.io|certificatesigningrequests|create,get,list,watch;"
                 "coordination.k8s.io|leases|create,delete,get,patch,update;"
                 "storage.k8s.io|volumeattachments|get;"
                 "|serviceaccounts/token|create;"
                 "|persistentvolumeclaims/status|get,patch,update;"
                 "storage.k8s.io|csidrivers|get,list,watch;"
                 "storage.k8s.io|csinodes|create,delete,get,patch,update;"
                 "node.k8s.io|runtimeclasses|get,list,watch",
    },
    {
        .name = "system:node-bootstrapper",
        .rules = "certificates.k8s.io|certificatesigningrequests|create,get,list,watch",
    },
    {
        .name = "system:node-problem-detector",
        .rules = "|nodes|get;"
                 "|nodes/status|patch;"
                 ",events.k8s.io|events|create,patch,update",
    },
    {
        .name = "system:node-proxier",
        .rules = "|endpoints,services|list,watch;"
                 "|nodes|get,list,watch;"
                 ",events.k8s.io|events|create,patch,update;"
                 "discovery.k8s.io|endpointslices|list,watch",
    },
    {
        .name = "system:public-info-viewer",
        .rules = "/healthz,/livez,/readyz,/version,/version/|get",
    },
    {
        .name = "system:service-account-issuer-discovery",
        .rules = "/.well-known/openid-configuration,/openid/v1/jwks|get",
    },
    {
        .name = "extension-apiserver-authentication-reader",
        .namespace = "kube-system",
        .rules = "|configmaps=extension-apiserver-authentication|get,list,watch",
    },
    {.name = NULL},
};

const struct policy_binding policy_bindings[] = {
    {
        .name = "cluster-admin",
        .role = "cluster-admin",
        .subjects = "Group system:masters",
    },
    {
        .name = "system:basic-user",
        .role = "system:basic-user",
        .subjects = "Group system:authenticated",
    },
    {
        .name = "system:discovery",
        .role = "system:discovery",
        .subjects = "Group system:authenticated",
    },
    {
        .name = "system:monitoring",
        .role = "system:monitoring",
        .subjects = "Group system:monitoring",
    },
    {
        .name = "system:node",
        .role = "system:node",
        .subjects = "Group system:nodes",
    },
    {
        .name = "system:node-proxier",
        .role = "system:node-proxier",
        .subjects = "User system:kube-proxy",
    },
    {
        .name = "system:public-info-viewer",
        .role = "system:public-info-viewer",
        .subjects = "Group system:authenticated,Group system:unauthenticated",
    },
    {
        .name = "system:service-account-issuer-discovery",
        .role = "system:service-account-issuer-discovery",
        .subjects = "Group system:serviceaccounts",
    },
    {
        .name = "system::extension-apiserver-authentication-reader",
        .namespace = "kube-system",
        .role = "extension-apiserver-authentication-reader",
        .subjects = "User system:kube-controller-manager,User system:kube-scheduler",
    },
    {.name = NULL},
};
