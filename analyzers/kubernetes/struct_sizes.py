"""Sizes of well-known structs, for trees that do not hold their packages (modules without a vendor folder).

Computed by type-checking kubernetes/kubernetes @ b329179c2f (2018-07) and k8s.io/{api,apimachinery,client-go},
sigs.k8s.io/controller-runtime of 2026-07 (go/types' gc sizes on amd64; shared facts, kubernetes.md 4). Which release a
repository uses is seldom known, and API structs grow (Pod: 848 bytes in 2018, 1,240 in 2026), so the smaller number
stands here and every text says "at least". The packages of before 2017-08 are measured by analyzers.golang.sizes at
kubernetes/kubernetes @ 19a2a10354 (2016-09, pkg/api/v1) and @ affba42a05 (2015-07, pkg/api).
"""

import re

from analyzers.golang.types.types import Named

_TABLE: dict[str, str] = {
    "k8s.io/api/admission/v1": "AdmissionRequest=400 AdmissionResponse=96",
    "k8s.io/api/admissionregistration/v1": (
        "MutatingAdmissionPolicy=376 MutatingAdmissionPolicyBinding=296 MutatingAdmissionPolicyBindingList=120 "
        "MutatingAdmissionPolicyList=120 MutatingAdmissionPolicySpec=112 MutatingWebhook=184 "
        "MutatingWebhookConfiguration=288 MutatingWebhookConfigurationList=120 NamedRuleWithOperations=128 Rule=80 "
        "RuleWithOperations=104 ValidatingAdmissionPolicy=424 ValidatingAdmissionPolicyBinding=320 "
        "ValidatingAdmissionPolicyBindingList=120 ValidatingAdmissionPolicyList=120 ValidatingAdmissionPolicySpec=120 "
        "ValidatingWebhook=176 ValidatingWebhookConfiguration=288 ValidatingWebhookConfigurationList=120"
    ),
    "k8s.io/api/apps/v1": (
        "ControllerRevision=312 ControllerRevisionList=104 DaemonSet=1008 DaemonSetCondition=88 DaemonSetList=104 "
        "DaemonSetSpec=672 Deployment=1024 DeploymentCondition=112 DeploymentList=104 DeploymentSpec=696 ReplicaSet=960 "
        "ReplicaSetCondition=88 ReplicaSetList=104 ReplicaSetSpec=648 StatefulSet=1080 StatefulSetCondition=88 "
        "StatefulSetList=104 StatefulSetSpec=728 StatefulSetStatus=88"
    ),
    "k8s.io/api/authentication/v1": ("SelfSubjectReview=328 TokenRequest=344 TokenReview=368 TokenReviewStatus=88"),
    "k8s.io/api/authorization/v1": (
        "LocalSubjectAccessReview=384 ResourceAttributes=112 ResourceRule=96 SelfSubjectAccessReview=320 "
        "SelfSubjectRulesReview=352 SubjectAccessReview=384 SubjectAccessReviewSpec=80"
    ),
    "k8s.io/api/autoscaling/v2": (
        "HorizontalPodAutoscaler=432 HorizontalPodAutoscalerCondition=96 HorizontalPodAutoscalerList=120 "
        "HorizontalPodAutoscalerSpec=96 ObjectMetricSource=112 ObjectMetricStatus=96"
    ),
    "k8s.io/api/batch/v1": (
        "CronJob=1560 CronJobList=120 CronJobSpec=1256 Job=992 JobCondition=112 JobList=104 JobSpec=672 "
        "JobTemplateSpec=1184"
    ),
    "k8s.io/api/certificates/v1": (
        "CertificateSigningRequest=448 CertificateSigningRequestCondition=112 CertificateSigningRequestList=120 "
        "CertificateSigningRequestSpec=136 ClusterTrustBundle=296 ClusterTrustBundleList=120 PodCertificateRequest=480 "
        "PodCertificateRequestList=120 PodCertificateRequestSpec=152"
    ),
    "k8s.io/api/coordination/v1": "Lease=320 LeaseList=120",
    "k8s.io/api/core/v1": (
        "AzureDiskVolumeSource=64 AzureFilePersistentVolumeSource=48 Binding=376 CSIPersistentVolumeSource=88 "
        "CSIVolumeSource=48 Capabilities=48 CephFSPersistentVolumeSource=88 CephFSVolumeSource=88 "
        "CinderPersistentVolumeSource=48 CinderVolumeSource=48 ClusterTrustBundleProjection=56 ComponentCondition=64 "
        "ComponentStatus=288 ComponentStatusList=104 ConfigMap=280 ConfigMapList=104 ConfigMapNodeConfigSource=80 "
        "ConfigMapProjection=48 ConfigMapVolumeSource=56 Container=320 ContainerExtendedResourceRequest=48 "
        "ContainerPort=56 ContainerStateTerminated=104 ContainerStatus=120 DownwardAPIVolumeFile=48 EndpointAddress=48 "
        "EndpointPort=48 EndpointSubset=72 Endpoints=288 EndpointsList=104 EphemeralContainer=424 "
        "EphemeralContainerCommon=408 Event=600 EventList=104 EventSeries=48 FCVolumeSource=80 FileKeySelector=56 "
        "FlexPersistentVolumeSource=56 FlexVolumeSource=56 GitRepoVolumeSource=48 GlusterfsPersistentVolumeSource=48 "
        "HTTPGetAction=104 ISCSIPersistentVolumeSource=128 ISCSIVolumeSource=128 KeyToPath=48 LimitRange=288 "
        "LimitRangeItem=56 LimitRangeList=104 List=104 LoadBalancerIngress=64 Namespace=304 NamespaceCondition=88 "
        "NamespaceList=104 Node=680 NodeAllocatableResourceClaimStatus=88 NodeCondition=112 NodeList=104 "
        "NodeProxyOptions=48 NodeSelectorRequirement=56 NodeSelectorTerm=48 NodeSpec=88 NodeStatus=328 "
        "NodeSystemInfo=160 ObjectReference=112 PersistentVolume=600 PersistentVolumeClaim=416 "
        "PersistentVolumeClaimCondition=112 PersistentVolumeClaimList=104 PersistentVolumeClaimSpec=80 "
        "PersistentVolumeClaimStatus=72 PersistentVolumeClaimTemplate=336 PersistentVolumeList=104 "
        "PersistentVolumeSource=176 PersistentVolumeSpec=288 PersistentVolumeStatus=48 Pod=848 PodAffinity=48 "
        "PodAffinityTerm=48 PodAntiAffinity=48 PodAttachOptions=56 PodCertificateProjection=104 PodCondition=112 "
        "PodDNSConfig=72 PodExecOptions=80 PodList=104 PodLogOptions=96 PodPortForwardOptions=56 PodProxyOptions=48 "
        "PodSecurityContext=88 PodSpec=392 PodStatus=192 PodStatusResult=456 PodTemplate=888 PodTemplateList=104 "
        "PodTemplateSpec=624 PodVolumeHealth=64 PreferAvoidPodsEntry=64 PreferredSchedulingTerm=56 Probe=48 "
        "QuobyteVolumeSource=72 RBDPersistentVolumeSource=120 RBDVolumeSource=120 RangeAllocation=304 "
        "ReplicationController=344 ReplicationControllerCondition=88 ReplicationControllerList=104 "
        "ReplicationControllerStatus=48 ResourceFieldSelector=88 ResourceQuota=320 ResourceQuotaList=104 "
        "SELinuxOptions=64 ScaleIOPersistentVolumeSource=136 ScaleIOVolumeSource=136 "
        "ScopedResourceSelectorRequirement=56 Secret=296 SecretList=104 SecretProjection=48 SecretVolumeSource=56 "
        "SecurityContext=64 SerializedReference=144 Service=480 ServiceAccount=320 ServiceAccountList=104 "
        "ServiceAccountTokenProjection=48 ServiceList=104 ServicePort=80 ServiceProxyOptions=48 ServiceSpec=192 "
        "ServiceStatus=48 StorageOSPersistentVolumeSource=64 StorageOSVolumeSource=64 TCPSocketAction=48 Taint=56 "
        "Toleration=72 TopologySpreadConstraint=96 TypedObjectReference=48 Volume=232 VolumeHealthCondition=48 "
        "VolumeHealthStatus=48 VolumeMount=64 VolumeMountStatus=56 VolumeProjection=48 VolumeSource=216 "
        "VsphereVirtualDiskVolumeSource=64 WeightedPodAffinityTerm=56"
    ),
    "k8s.io/api/discovery/v1": "Endpoint=96 EndpointSlice=328 EndpointSliceList=120",
    "k8s.io/api/events/v1": "Event=600 EventList=120",
    "k8s.io/api/extensions/v1beta1": (
        "DaemonSet=1016 DaemonSetCondition=88 DaemonSetList=104 DaemonSetSpec=680 Deployment=1032 "
        "DeploymentCondition=112 DeploymentList=104 DeploymentSpec=704 Ingress=344 IngressList=104 NetworkPolicy=368 "
        "NetworkPolicyList=104 NetworkPolicySpec=104 PodSecurityPolicy=672 PodSecurityPolicyList=104 "
        "PodSecurityPolicySpec=408 ReplicaSet=960 ReplicaSetCondition=88 ReplicaSetList=104 ReplicaSetSpec=648 "
        "Scale=304"
    ),
    "k8s.io/api/networking/v1": (
        "IPAddress=272 IPAddressList=120 Ingress=352 IngressClass=288 IngressClassList=120 IngressList=120 "
        "NetworkPolicy=368 NetworkPolicyList=104 NetworkPolicySpec=104 ServiceCIDR=312 ServiceCIDRList=120"
    ),
    "k8s.io/api/policy/v1": "Eviction=272 PodDisruptionBudget=352 PodDisruptionBudgetList=120",
    "k8s.io/api/rbac/v1": (
        "ClusterRole=296 ClusterRoleBinding=336 ClusterRoleBindingList=104 ClusterRoleList=104 PolicyRule=120 Role=288 "
        "RoleBinding=336 RoleBindingList=104 RoleList=104"
    ),
    "k8s.io/api/resource/v1": (
        "AllocatedDeviceStatus=96 Device=176 DeviceAttribute=128 DeviceClass=320 DeviceClassList=120 "
        "DeviceRequestAllocationResult=184 DeviceSubRequest=112 DeviceTaintRule=352 DeviceTaintRuleList=120 "
        "ExactDeviceRequest=104 ResourceClaim=392 ResourceClaimList=120 ResourceClaimTemplate=568 "
        "ResourceClaimTemplateList=120 ResourceClaimTemplateSpec=304 ResourceSlice=424 ResourceSliceList=120 "
        "ResourceSliceSpec=160"
    ),
    "k8s.io/api/scheduling/v1": "PriorityClass=296 PriorityClassList=120",
    "k8s.io/api/storage/v1": (
        "CSIDriver=384 CSIDriverList=120 CSIDriverSpec=120 CSINode=312 CSINodeList=120 CSIStorageCapacity=304 "
        "CSIStorageCapacityList=120 StorageClass=360 StorageClassList=104 StorageHealthCondition=88 "
        "VolumeAttachment=344 VolumeAttachmentList=120 VolumeAttributesClass=288 VolumeAttributesClassList=120"
    ),
    "k8s.io/apimachinery/pkg/api/resource": "Quantity=56 QuantityValue=56",
    "k8s.io/apimachinery/pkg/apis/meta/v1": (
        "APIGroup=128 APIGroupList=56 APIResource=160 APIResourceList=72 APIVersions=80 ApplyOptions=80 Condition=96 "
        "CreateOptions=88 DeleteOptions=64 FieldSelectorRequirement=56 GetOptions=48 GroupVersionKind=48 "
        "GroupVersionResource=48 LabelSelector=32 LabelSelectorRequirement=56 List=104 ListMeta=48 ListOptions=120 "
        "ManagedFieldsEntry=96 MicroTime=24 ObjectMeta=232 OwnerReference=80 PartialObjectMetadata=264 "
        "PartialObjectMetadataList=120 PatchOptions=96 Status=144 StatusCause=48 StatusDetails=96 Table=144 "
        "TableColumnDefinition=72 TableOptions=56 TableRow=88 TableRowCondition=64 Time=24 TypeMeta=32 UpdateOptions=88 "
        "WatchEvent=56"
    ),
    "k8s.io/apimachinery/pkg/runtime": (
        "DefaultingSerializer=48 Scheme=104 SerializerInfo=64 Unknown=88 WithVersionEncoder=48"
    ),
    "k8s.io/apimachinery/pkg/runtime/schema": "GroupVersionKind=48 GroupVersionResource=48",
    "k8s.io/apimachinery/pkg/types": "NamespacedName=32",
    "k8s.io/apimachinery/pkg/util/intstr": "IntOrString=32",
    "k8s.io/apimachinery/pkg/watch": "Broadcaster=64 Recorder=48 StreamWatcher=64",
    "k8s.io/client-go/kubernetes": "Clientset=248",
    "k8s.io/client-go/rest": (
        "ClientContentConfig=80 Config=448 RESTClient=160 Request=360 Result=80 TLSClientConfig=144"
    ),
    "k8s.io/client-go/tools/cache": (
        "Config=80 DeltaFIFO=168 FIFO=152 Heap=96 InformerOptions=176 RealFIFO=296 RealFIFOOptions=160 Reflector=152 "
        "SharedIndexInformerOptions=120"
    ),
    "k8s.io/client-go/tools/leaderelection": "LeaderElector=184 LeaseCandidate=192",
    "k8s.io/kubernetes/pkg/api": (
        "Pod=488 PodSpec=168 PodStatus=136 PodTemplateSpec=320 Container=248 ContainerStatus=120 Volume=104 Node=440 "
        "NodeStatus=200 Service=312 ServiceSpec=104 Endpoints=208 Secret=208 ConfigMap=264 Event=416 Namespace=224 "
        "PersistentVolume=344 PersistentVolumeClaim=288 ReplicationController=224 ObjectMeta=152 ObjectReference=112 "
        "ListOptions=88"
    ),
    "k8s.io/kubernetes/pkg/api/v1": (
        "Pod=664 PodSpec=248 PodStatus=160 PodTemplateSpec=472 Container=256 ContainerStatus=120 Volume=192 Node=632 "
        "NodeStatus=320 Service=464 ServiceSpec=184 Endpoints=280 Secret=288 ConfigMap=264 Event=504 Namespace=296 "
        "PersistentVolume=488 PersistentVolumeClaim=368 ReplicationController=304 ObjectMeta=224 ObjectReference=112 "
        "ListOptions=96"
    ),
    "sigs.k8s.io/controller-runtime/pkg/cache": "Options=136",
    "sigs.k8s.io/controller-runtime/pkg/client": (
        "DeleteAllOfOptions=144 ListOptions=88 Options=80 SubResourcePatchOptions=88 SubResourceUpdateOptions=80"
    ),
    "sigs.k8s.io/controller-runtime/pkg/manager": "Options=784",
    "sigs.k8s.io/controller-runtime/pkg/reconcile": "Request=32 Result=24",
    "sigs.k8s.io/controller-runtime/pkg/webhook/admission": "Request=400 Response=120",
}
_SIZES = {
    (path, name): int(size)
    for path, structs in _TABLE.items()
    for name, _, size in (struct.partition("=") for struct in structs.split())
}


# The same packages under the names they had: the project moved in 2015, client-go held a copy until 2017.
_ELSEWHERE = re.compile(
    r"(?:github\.com/GoogleCloudPlatform/kubernetes|k8s\.io/client-go(?:/[0-9.]+)?)/pkg/api(?=/v1$|$)"
)


def at_least(named: Named) -> int | None:
    """Give how many bytes a well-known struct has at least; None for what is not in the table (or is no struct)."""
    path = _ELSEWHERE.sub("k8s.io/kubernetes/pkg/api", named.path)
    return _SIZES.get((path, named.name))


def measured(path: str) -> bool:
    """Say whether the structs of a package are all in the table: what is not there is small, or an interface."""
    return (
        path.startswith(("k8s.io/api/", "k8s.io/apimachinery/", "sigs.k8s.io/controller-runtime/")) and path in _TABLE
    )
