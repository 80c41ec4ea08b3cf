#include "jobmanager/web/http_server.h"

#include <vector>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "jobmanager/web/standby.h"

namespace weir::jobmanager::web {
namespace {

class HttpServerTest : public ::testing::Test {
 protected:
  HttpServerTest() {
    HttpServer::Settings settings;
    settings.host = "127.0.0.1";
    settings.most_connections = 8;
    settings.serves = [](std::string_view host) { return host != "evil.example"; };
    auto server =
        HttpServer::listen(settings, config::Security::plainText(), [](std::string_view path) {
          Response response{200, "application/json", "\"" + std::string(path) + "\""};
          response.any_origin = path == "/overview";
          if (path == "/moved") {
            return answerOfStandby("http://leader.example:8081", path);
          }
          return response;
        });
    server_ = *std::move(server);
    server_->serve();
  }

  int connect(int fd = -1) {
    if (fd < 0) {
      fd = ::socket(AF_INET, SOCK_STREAM, 0);
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server_->port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    return fd;
  }

  /// Sends `request` on a new connection and reads until the server closes it.
  std::string talk(const std::string& request) {
    const int fd = connect();
    EXPECT_EQ(::send(fd, request.data(), request.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(request.size()));
    ::shutdown(fd, SHUT_WR);
    std::string answer;
    char buffer[4096];
    for (ssize_t n = 0; (n = ::read(fd, buffer, sizeof buffer)) > 0;) {
      answer.append(buffer, static_cast<std::size_t>(n));
    }
    ::close(fd);
    return answer;
  }

  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, AnswersSeveralRequestsOnOneConnection) {
  const std::string answer = talk(
      "GET /a?query HTTP/1.1\r\nHost: x\r\n\r\n"
      "GET /b HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(answer.find("HTTP/1.1 200"), 0U) << answer;
  EXPECT_NE(answer.find("\"/a\""), std::string::npos) << answer;
  EXPECT_NE(answer.find("\"/b\""), std::string::npos) << answer;
  EXPECT_EQ(answer.find("Access-Control-Allow-Origin"), std::string::npos) << answer;
}

TEST_F(HttpServerTest, AStandbyNamesWhereTheSameIsAskedOfTheLeader) {
  const std::string answer = talk("GET /moved?a=%20b&c HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(answer.find("HTTP/1.1 307"), 0U) << answer;
  EXPECT_NE(answer.find("\r\nLocation: http://leader.example:8081/moved?a=%20b&c\r\n"),
            std::string::npos)
      << answer;
}

TEST(StandbyTest, SaysThatNobodyIsKnownToLead) {
  const Response answer = answerOfStandby("", "/jobs");
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.location, "");
}

TEST(StandbyTest, NoPathBecomesPartOfTheHost) {
  for (const char* path : {"@evil.example/", ".evil.example/", "http://evil.example/", "*", ""}) {
    EXPECT_EQ(answerOfStandby("http://leader.example:8081", path).status, 400) << path;
  }
}

TEST_F(HttpServerTest, PagesOfOtherSitesReadOnlyWhatIsForAll) {
  EXPECT_NE(
      talk("GET /overview HTTP/1.1\r\nHost: x\r\n\r\n").find("Access-Control-Allow-Origin: *"),
      std::string::npos);
}

TEST_F(HttpServerTest, AForeignHostIsRefusedWhateverIsAsked) {
  for (const char* request :
       {"GET /a HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        "POST /a HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 0\r\n\r\n"}) {
    const std::string answer = talk(request);
    EXPECT_EQ(answer.find("HTTP/1.1 403"), 0U) << answer;
    EXPECT_NE(answer.find("jobmanager.web.allowed-hosts"), std::string::npos) << answer;
  }
  EXPECT_EQ(talk("GET /a HTTP/1.1\r\nHost: x\r\nHost: evil.example\r\n\r\n").find("HTTP/1.1 400"),
            0U);
  EXPECT_EQ(talk("GET /a HTTP/1.0\r\n\r\n").find("HTTP/1.1 200"), 0U);
}

TEST_F(HttpServerTest, HeadHasTheLengthButNoBody) {
  const std::string answer =
      talk("HEAD /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_NE(answer.find("Content-Length: 4"), std::string::npos) << answer;
  EXPECT_EQ(answer.find("\"/a\""), std::string::npos) << answer;
  EXPECT_NE(answer.find("\"/b\""), std::string::npos) << answer;
}

TEST_F(HttpServerTest, OtherMethodsAre405AndNonsenseIs400) {
  EXPECT_EQ(talk("POST /a HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}").find("HTTP/1.1 405"), 0U);
  EXPECT_EQ(talk("this is no request\r\n\r\n").find("HTTP/1.1 400"), 0U);
  const std::string large = "GET / HTTP/1.1\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n";
  EXPECT_EQ(talk(large).find("HTTP/1.1 413"), 0U);
}

TEST_F(HttpServerTest, PeersThatNeverFinishARequestKeepNobodyOut) {
  std::vector<int> slow;
  for (int i = 0; i < 50; ++i) {
    slow.push_back(connect());
    ::send(slow.back(), "GET /a HT", 9, MSG_NOSIGNAL);
  }
  EXPECT_EQ(talk("GET /a HTTP/1.1\r\nHost: x\r\n\r\n").find("HTTP/1.1 200"), 0U);
  char byte = 0;
  EXPECT_LE(::read(slow.front(), &byte, 1), 0);  // The oldest made room.
  for (const int fd : slow) {
    ::close(fd);
  }
}

TEST_F(HttpServerTest, AnswersAgainAfterItRanOutOfDescriptors) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const int peer = ::socket(AF_INET, SOCK_STREAM, 0);
  const int highest = ::dup(0);
  rlimit none = before;
  none.rlim_cur = static_cast<rlim_t>(highest + 1);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  connect(peer);
  char byte = 0;
  EXPECT_LE(::read(peer, &byte, 1), 0);  // Turned away, not left waiting.
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  ::close(peer);
  ::close(highest);
  EXPECT_EQ(talk("GET /a HTTP/1.1\r\nHost: x\r\n\r\n").find("HTTP/1.1 200"), 0U);
}

TEST_F(HttpServerTest, ATakenPortIsNamed) {
  HttpServer::Settings settings;
  settings.host = "127.0.0.1";
  settings.port = server_->port();
  const auto second = HttpServer::listen(settings, config::Security::plainText(), nullptr);
  ASSERT_FALSE(second.has_value());
  EXPECT_NE(second.error().text().find(std::to_string(server_->port())), std::string::npos);
}

}  // namespace
}  // namespace weir::jobmanager::web
